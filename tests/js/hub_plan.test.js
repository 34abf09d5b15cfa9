// The plan while it is painted: what each event does at once, and what waits for the server.
const assert = require("node:assert/strict");
const test = require("node:test");
require("../../pcs_dash/assets/hub_plan.js");

const { Draft, goesRound } = globalThis.PCSHubPlan;
const CODES = ["A1", "A2", "A3", "A4"];
const hub = (id, locked) => ({ id, name: "Hub " + id.slice(1), colour: "#" + id, note: "", locked: Boolean(locked) });

function draft(groups = [0, 0, 1, -1], locked = []) {
  const made = new Draft();
  Object.assign(made, { palette: ["#h1", "#h2", "#h3"], excluded: ["A2"] });
  CODES.forEach((code, i) => made.points.set(code, { code, patients: 1000 * (i + 1) }));
  made.replay({ hubs: ["h1", "h2"].map((id) => hub(id, locked.includes(id))), groups }, CODES, []);
  return made;
}
const held = (made) => Object.fromEntries(CODES.map((code) => [code, made.groups.get(code) ?? null]));

test("the server's plan, then the events that it has not applied", () => {
  const made = draft(), served = { hubs: made.hubs, groups: [0, 0, 1, -1] };
  made.replay(served, CODES, [{ t: "paint", codes: ["A4"], hub: "h2" }, { t: "rename", hub: "h2", name: " North " }]);
  assert.deepEqual(held(made), { A1: "h1", A2: "h1", A3: "h2", A4: "h2" });
  assert.equal(made.hub("h2").name, "North");
  assert.equal(served.hubs[1].name, "Hub 2"); // what the server said is not changed
});

test("painting moves, erases, and passes over locked hubs", () => {
  const made = draft([0, 0, 1, -1], ["h2"]);
  made.carryOut({ t: "paint", codes: ["A1", "A3", "A4"], hub: null });
  assert.deepEqual(held(made), { A1: null, A2: "h1", A3: "h2", A4: null });
  made.carryOut({ t: "paint", codes: ["A1"], hub: "h2" });
  made.carryOut({ t: "paint", codes: ["A3"], hub: "h1" });
  assert.deepEqual(held(made), { A1: null, A2: "h1", A3: "h2", A4: null });
  made.carryOut({ t: "paint", codes: ["A1"], hub: "gone" });
  assert.equal(made.groups.has("A1"), false);
  assert.equal(made.lockOf("A3", null).id, "h2");
  assert.equal(made.lockOf("A3", made.hub("h2")), null);
});

test("a shape with a name makes a hub of what it caught; one without fills its hub", () => {
  const made = draft();
  made.hits.set(7, ["A3", "A4"]);
  made.carryOut({ n: 7, t: "shape", as: "new-1", name: "East" });
  assert.deepEqual(held(made), { A1: "h1", A2: "h1", A3: "new-1", A4: "new-1" });
  assert.deepEqual([made.hubs[2].name, made.hubs[2].colour], ["East", "#h3"]);
  made.carryOut({ n: 7, t: "shape", hub: "h1" });
  assert.deepEqual([...new Set(made.groups.values())], ["h1"]);
  made.carryOut({ n: 7, t: "shape", hub: null });
  assert.deepEqual(held(made), { A1: "h1", A2: "h1", A3: null, A4: null });
  made.carryOut({ n: 8, t: "shape", hub: "h2" }); // drawn in another tab: what it caught is not known
  assert.deepEqual(held(made), { A1: "h1", A2: "h1", A3: null, A4: null });
});

test("a drawn hub is called after the town with most of its patients", () => {
  const made = draft();
  made.towns = { A1: "Grays", A2: "Grays", A3: "Tilbury", A4: "Tilbury" };
  const caught = (...codes) => codes.map((code) => [code, made.points.get(code).patients]);
  assert.equal(made.freeName(caught("A1", "A2", "A4")), "Tilbury");
  assert.equal(made.freeName(caught("A1", "A2", "A3")), "Grays"); // as many in both: the first of the alphabet
  made.carryOut({ t: "add", as: "x", name: "Tilbury" });
  assert.equal(made.freeName(caught("A3")), "Tilbury 2");
  assert.equal(made.freeName(), "Hub 3");
});

test("a new hub has a free name and a free colour", () => {
  const made = draft();
  made.carryOut({ t: "add", as: "x" });
  made.carryOut({ t: "add", as: "y" });
  assert.deepEqual(made.hubs.slice(2).map((one) => [one.id, one.name, one.colour]), [["x", "Hub 3", "#h3"], ["y", "Hub 4", "#h1"]]);
});

test("an empty hub that has its number for a name is called after the town of its first practices", () => {
  const made = draft([0, 0, -1, -1], ["h1"]);
  made.towns = { A1: "Grays", A3: "Tilbury", A4: "Tilbury" };
  const paint = (into, ...codes) => made.calling({ t: "paint", codes, hub: into }, codes);
  assert.equal(paint("h2", "A1", "A3").called, "Tilbury"); // a lock holds A1
  for (const left of [paint("h1", "A3"), paint("h2", "A2"), paint(null, "A3")]) assert.equal("called" in left, false);
  const event = paint("h2", "A3");
  made.carryOut(event);
  assert.deepEqual([made.hubs[1].name, held(made).A3], ["Tilbury", "h2"]);
  made.carryOut({ ...event, called: "Grays" }); // it has a name and a practice now
  assert.equal(made.hubs[1].name, "Tilbury");
  made.carryOut({ t: "empty", hub: "h2" });
  assert.equal("called" in paint("h2", "A4"), false); // named by hand or by its first: stays
});

test("merging, emptying and deleting keep every practice, and locks hold", () => {
  const merged = draft();
  merged.carryOut({ t: "merge", hub: "h1", into: "h2" });
  assert.deepEqual(held(merged), { A1: "h2", A2: "h2", A3: "h2", A4: null });
  assert.deepEqual(merged.hubs.map((one) => one.id), ["h2"]);
  const same = draft();
  same.carryOut({ t: "merge", hub: "h1", into: "h1" });
  assert.equal(same.hubs.length, 2);
  const emptied = draft();
  emptied.carryOut({ t: "empty", hub: "h1" });
  assert.deepEqual([held(emptied).A1, emptied.hubs.length], [null, 2]);
  emptied.carryOut({ t: "delete", hub: "h2" });
  assert.deepEqual([held(emptied).A3, emptied.hubs.length], [null, 1]);
  const locked = draft([0, 0, 1, -1], ["h1"]);
  for (const t of ["empty", "delete"]) locked.carryOut({ t, hub: "h1" });
  for (const [from, into] of [["h1", "h2"], ["h2", "h1"]]) locked.carryOut({ t: "merge", hub: from, into });
  assert.deepEqual([held(locked), locked.hubs.length], [{ A1: "h1", A2: "h1", A3: "h2", A4: null }, 2]);
  locked.carryOut({ t: "lock", hub: "h1", locked: false });
  locked.carryOut({ t: "delete", hub: "h1" });
  assert.equal(locked.hubs.length, 1);
});

test("a hub made here is found under the name that the server gave it", () => {
  const made = draft();
  made.aliases = { "new-1": "h2" };
  made.carryOut({ t: "paint", codes: ["A4"], hub: "new-1" });
  assert.equal(made.groups.get("A4"), "h2");
});

test("counts: what is left out counts for no sum, what lies elsewhere is away", () => {
  const made = draft();
  made.groups.set("Z9", "h2");
  made.count();
  assert.deepEqual(made.sums.get("h1"), { practices: 1, patients: 1000, here: 2, away: 0 });
  assert.deepEqual(made.sums.get("h2"), { practices: 1, patients: 3000, here: 1, away: 1 });
  assert.deepEqual(made.sums.get(null), { practices: 1, patients: 4000, here: 1, away: 0 });
  assert.deepEqual(made.sums.get("all").patients, 8000);
});

test("a lasso that crosses itself catches what its line goes round", () => {
  const at = (lat, lng) => ({ at: { lat, lng } });
  const star = [[51, 0], [52, 1], [51, 1], [52, 0]].map(([lat, lng]) => ({ lat, lng })); // a bow tie
  const caught = goesRound(star);
  assert.equal(caught(at(51.1, 0.5)), false); // below the crossing
  assert.equal(caught(at(51.5, 0.2)), true);
  assert.equal(caught(at(51.5, 0.8)), true);
  assert.equal(caught(at(50.9, 0.5)), false);
});
