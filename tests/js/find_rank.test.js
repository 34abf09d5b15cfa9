// The search box's rules: the table that Python is held to as well, hubs, and what a page offers.
const assert = require("node:assert/strict");
const test = require("node:test");
require("../../pcs_dash/assets/find_rank.js");

const { prepared, withHubs, find, offers, isPractice, why } = globalThis.PCSFindRank;
const table = require("../views/search_cases.json");
const index = prepared(table.index);
const seen = (hits) => hits.map(({ kind, key, note }) => [kind, key, note]);

test("every case of the table", () => {
  for (const { text, finds } of table.cases) assert.deepEqual(seen(find(index, text, table.limit)), finds, text);
  const directory = { ...index, parts: table.directory, hasDirectory: true };
  for (const { text, finds } of table.cases_with_directory) assert.deepEqual(seen(find(directory, text, table.limit)), finds, text);
});

test("a find knows its place, its practices and its area", () => {
  const [hit] = find(index, "AB1 2CD", 1);
  assert.deepEqual([hit.latitude, hit.codes, hit.home], [51.5, ["F1"], "north"]);
  const [posted] = find({ ...index, parts: table.directory, hasDirectory: true }, "ab1 2zz", 1);
  assert.deepEqual([posted.name, posted.detail, posted.home], ["AB1 2ZZ", "Postcode, near Northtown", "north"]);
});

test("hubs of the plan are found, empty ones and those elsewhere are not", () => {
  const hubs = withHubs(index, [["h1", "Market & Mary", ["F1", "F1001"]], ["h2", "Empty", []], ["h3", "Empty too", ["F9"]]]);
  const [hit] = find(hubs, "mary and market", 5);
  assert.deepEqual([hit.kind, hit.key, hit.detail], ["hub", "h1", "Hub, 2 practices"]);
  assert.ok(Math.abs(hit.latitude - 51.45) < 1e-9);
  assert.deepEqual(find(hubs, "empty", 5), []);
  assert.deepEqual(seen(find(hubs, "hub", 5)), [["hub", "h1", ""]]);
  assert.deepEqual(find(index, "hub", 5), []); // the index itself has no hubs
});

const offered = (text, here) => offers(index, find(index, text, 5), here).map((hit) => [hit.kind, hit.key, hit.opens || ""]);

test("an area is opened by the first key, but for the one that is open", () => {
  assert.deepEqual(offered("north", "south")[0], ["area", "north", "north"]);
  assert.deepEqual(offered("north", "north")[0], ["area", "north", ""]);
  assert.deepEqual(offered("far away", "south"), [["area", "icb-far", "icb-far"]]);
});

test("towns, postcodes and practices offer their area second, once", () => {
  assert.deepEqual(offered("northtown", "south").slice(0, 2), [["town", "Northtown", ""], ["area", "north", "north"]]);
  assert.deepEqual(offered("ab1 2cd", "south").slice(0, 2), [["postcode", "AB1 2CD", ""], ["area", "north", "north"]]);
  assert.deepEqual(offered("F1001", "north"), [["practice", "F1001", ""], ["area", "south", "south"]]);
  assert.equal(offered("northtown", "south").filter(([, key]) => key === "north").length, 1);
  assert.deepEqual(offered("northtown", "north").filter(([kind]) => kind === "area"), []);
  assert.deepEqual(offered("elsewhere", "north"), [["town", "Elsewhere", ""]]);
  assert.deepEqual(offered("zzqqxx", "north"), []);
  assert.equal(offered("a", "north").length, find(index, "a", 5).length + 1); // no find is lost for it
});

test("a code that is not found is told of where it is known", () => {
  const known = { F81084: "F81084 closed on 30 November 2019." };
  assert.equal(why(known, " f81084 "), "F81084 closed on 30 November 2019.");
  for (const text of ["F81085", "constructor", "__proto__", ""]) assert.equal(why(known, text), "");
  assert.deepEqual(["G82001", " g82001", "G8200", "G820011", "RM18 8EB"].map(isPractice), [true, true, false, false, false]);
});
