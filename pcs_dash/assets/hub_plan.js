// The plan on the table while it is painted, as plain data: no page and no map, so that it is tested
// by itself. The server has the last word (hubs/plan.py); this shows a click at once.
//
//   PCSHubPlan.Draft      hubs, and the hub of each practice; `carryOut(event)` changes them
//   PCSHubPlan.goesRound(ring)  tells of a point whether a drawn line goes round it
(function () {
  "use strict";

  class Draft {
    constructor() {
      this.hubs = []; // {id, name, colour, note, locked}
      this.groups = new Map(); // code to hub id
      this.points = new Map(); // practices of the area by code: {patients, ...}
      this.hits = new Map(); // number of a shape's event to the codes inside
      this.sums = new Map(); // hub id, null (no hub) and "all" to its counts
      Object.assign(this, { aliases: {}, palette: [], excluded: [], towns: {} });
    }

    // The server's plan, then what it has not applied yet.
    replay(served, order, waiting) {
      this.hubs = served.hubs.map((hub) => ({ ...hub }));
      this.groups = new Map();
      order.forEach((code, i) => {
        const hub = this.hubs[served.groups[i]];
        if (hub) this.groups.set(code, hub.id);
      });
      waiting.forEach((event) => this.carryOut(event));
    }

    id(named) { return this.aliases[named] || named; }
    hub(named) { const id = this.id(named); return this.hubs.find((hub) => hub.id === id); }
    number(id) { return this.hubs.findIndex((hub) => hub.id === id) + 1; }

    carryOut(event) {
      const hub = event.hub === undefined || event.hub === null ? null : this.hub(event.hub);
      const inside = event.t === "shape" ? this.hits.get(event.n) || [] : event.codes || [];
      if (event.t === "add" || (event.t === "shape" && "name" in event)) this.moveCodes(inside, this.add(event));
      else if (event.t === "paint" || event.t === "shape") {
        if (event.called && this.isBare(hub)) hub.name = event.called;
        this.moveCodes(inside, hub);
      }
      else if (hub) this.change(hub, event);
    }
    add(event) {
      const made = { id: event.as, name: event.name || this.freeName(), colour: this.freeColour(), note: "", locked: false };
      this.hubs.push(made);
      return made;
    }
    change(hub, event) {
      if (event.t === "rename") hub.name = event.name.trim() || hub.name;
      else if (event.t === "recolour") hub.colour = event.colour;
      else if (event.t === "note") hub.note = event.note;
      else if (event.t === "lock") hub.locked = event.locked;
      else if (!hub.locked) this.dissolve(hub, event);
    }
    dissolve(hub, event) {
      const into = event.t === "merge" ? this.hub(event.into) : null;
      if (event.t === "merge" && (!into || into.locked || into === hub)) return;
      this.members(hub.id).forEach((code) => (into ? this.groups.set(code, into.id) : this.groups.delete(code)));
      if (event.t !== "empty") this.hubs = this.hubs.filter((other) => other !== hub);
    }
    members(id) { return [...this.groups].filter(([, held]) => held === id).map(([code]) => code); }
    lockOf(code, target) {
      const held = this.hubs.find((hub) => hub.id === this.groups.get(code));
      if (held && held.locked && held !== target) return held;
      return target && target.locked && held !== target ? target : null;
    }
    moveCodes(codes, target) {
      if (target === undefined) return;
      codes.forEach((code) => {
        if (this.lockOf(code, target)) return;
        if (target) this.groups.set(code, target.id); else this.groups.delete(code);
      });
    }
    // After the town with most of the patients of these practices ([code, patients]), like the hubs
    // that are suggested; without one by number.
    freeName(caught = []) {
      const used = new Set(this.hubs.map((hub) => hub.name.toLowerCase())), patients = new Map();
      caught.filter(([code]) => this.towns[code]).forEach(([code, n]) => patients.set(this.towns[code], (patients.get(this.towns[code]) || 0) + n));
      const [town] = [...patients].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] || [""];
      let number = 1, name = town || "Hub 1";
      while (used.has(name.toLowerCase())) { number += 1; name = (town || "Hub") + " " + number; }
      return name;
    }
    // Empty, and its number for a name.
    isBare(hub) { return Boolean(hub) && /^Hub \d+$/.test(hub.name) && !this.members(hub.id).length; }
    // The event with what such a hub is called once these practices are its first.
    calling(event, codes) {
      const hub = this.hub(event.hub), got = codes.filter((code) => this.towns[code] && !this.lockOf(code, hub));
      if (!this.isBare(hub) || !got.length) return event;
      return { ...event, called: this.freeName(got.map((code) => [code, this.points.get(code).patients])) };
    }
    freeColour() {
      const used = new Set(this.hubs.map((hub) => hub.colour)), palette = this.palette;
      return palette.find((colour) => !used.has(colour)) || palette[this.hubs.length % palette.length];
    }

    count() {
      const zero = () => ({ practices: 0, patients: 0, here: 0, away: 0 });
      this.sums = new Map([[null, zero()], ["all", zero()], ...this.hubs.map((hub) => [hub.id, zero()])]);
      const left = new Set(this.excluded);
      this.points.forEach((p, code) => {
        const sum = this.sums.get(this.groups.get(code) ?? null);
        sum.here += 1;
        if (left.has(code)) return;
        [sum, this.sums.get("all")].forEach((one) => { one.practices += 1; one.patients += p.patients; });
      });
      this.groups.forEach((id, code) => { if (!this.points.has(code)) this.sums.get(id).away += 1; });
    }
  }

  // Whether a line that closes goes round a point (winding number, Mercator: as drawn).
  function goesRound(ring) {
    const y = (at) => Math.log(Math.tan(Math.PI / 4 + at.lat * Math.PI / 360));
    const corners = ring.map((at) => [at.lng, y(at)]);
    return (p) => {
      const x0 = p.at.lng, y0 = y(p.at);
      let turns = 0;
      corners.forEach(([x1, y1], i) => {
        const [x2, y2] = corners[(i + 1) % corners.length];
        const side = (x2 - x1) * (y0 - y1) - (x0 - x1) * (y2 - y1);
        if (y1 <= y0 && y2 > y0 && side > 0) turns += 1;
        if (y1 > y0 && y2 <= y0 && side < 0) turns -= 1;
      });
      return turns !== 0;
    };
  }

  globalThis.PCSHubPlan = { Draft, goesRound };
})();
