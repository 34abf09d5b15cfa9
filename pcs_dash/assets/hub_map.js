// The hub builder: a map to paint practices on, and the hubs' figures beside it.
//
// The plan on screen is the server's plan with the events on top that the server has not applied
// yet, so that a click shows at once. Events are numbered and sent again, all that are not
// answered, until the server says that they are kept; it applies each once. Nothing is rebuilt at
// an answer: map, zoom, half-drawn shape, selection and focus stay as they are.
(function () {
  "use strict";
  const { h, put, mark } = window.PCSDom, { whole, many } = window.PCSHubLists, { goesRound } = window.PCSHubPlan;
  const NEW = "NEW";
  const STORE = "pcs-hubs-browser";
  const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);
  const TOOLS = [
    ["click", "Click", "C", "Click a practice to move it to the chosen hub; click again to take it out"],
    ["lasso", "Lasso", "L", "Draw around practices freehand"],
    ["polygon", "Polygon", "P", "Draw around practices corner by corner; double-click to close"],
    ["rectangle", "Rectangle", "R", "Drag a rectangle over practices"],
    ["circle", "Circle", "O", "Drag a circle over practices"],
  ];

  // --- this browser tab: its number, its events on the way ---

  function tab() {
    // A duplicated tab copies the store of one that is still open: only a closed one is taken up.
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(STORE)); } catch { kept = null; }
    const mine = kept && kept.closed ? kept : { client: fresh(), next: 0, log: [] };
    mine.closed = false;
    return mine;
  }
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join("");
  function store(app, closed) {
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ client: app.tab.client, next: app.tab.next, log: app.tab.log, target: app.target, closed }));
    } catch { /* private browsing: the server's draft is the only one */ }
  }

  class Builder extends window.PCSHubPlan.Draft {
    constructor(root, send) {
      super();
      this.root = root;
      this.push = send;
      this.tab = tab();
      this.tool = "click";
      this.target = this.tab.target === undefined ? undefined : this.tab.target;
    }

    // --- what the server says ---

    receive(data) {
      const first = !this.data;
      this.data = data;
      const [applied, kept] = data.applied[this.tab.client] || [0, 0];
      this.applied = applied;
      this.tab.next = Math.max(this.tab.next, applied);
      this.tab.log = this.tab.log.filter((event) => event.n > kept);
      this.served = { hubs: data.plan.hubs, groups: data.plan.groups };
      Object.assign(this, { aliases: data.aliases || {}, palette: data.palette, excluded: data.excluded, towns: data.towns || {} });
      if (typeof this.target === "string" && this.aliases[this.target]) this.target = this.aliases[this.target];
      if (first) this.build();
      const moved = this.area !== data.view.area.url;
      this.area = data.view.area.url;
      return Promise.all([moved ? window.PCSMap.load(data.view.area.url) : null, window.PCSMap.load(data.view.points.url)]).then(([area, all]) => {
        if (data !== this.data) return;
        if (area) this.takeArea(area, all);
        this.replay();
        if (first && this.tab.log.length) this.flush();
        store(this, false);
        this.showView();
        if (data.said.n !== this.said) { this.said = data.said.n; this.say(data.said.text, data.said.fault); }
        this.render();
        mark(this.root, "data-answered", String(applied));
      });
    }

    takeArea(area, all) {
      const here = new Set(area.practices);
      this.points = new Map();
      this.order = all.map(([code]) => code);
      all.forEach(([code, name, lat, lng, patients, postcode, district], i) => {
        if (here.has(code)) this.points.set(code, { code, name, i, at: L.latLng(lat, lng), patients, postcode, district });
      });
      this.nearest = null;
    }

    replay() {
      super.replay(this.served, this.order, this.tab.log.filter((event) => event.n > this.applied));
      this.settleTarget();
      this.count();
    }

    settleTarget() {
      if (this.target === null || this.target === NEW || this.hub(this.target)) return;
      const first = this.hubs.find((hub) => this.shownBefore(hub)) || this.hubs[0];
      this.target = first ? first.id : NEW;
    }
    // Has a practice here, or none anywhere: hubs that lie wholly elsewhere are left out of lists.
    shownBefore(hub) {
      return [...this.groups].some(([code, id]) => id === hub.id && this.points.has(code)) || ![...this.groups.values()].includes(hub.id);
    }
    shown(hub) {
      const sum = this.sums.get(hub.id);
      return sum.here > 0 || sum.away === 0 || this.target === hub.id;
    }

    // --- what the user does ---

    send(event) {
      const sent = { n: ++this.tab.next, ...event };
      this.tab.log.push(sent);
      this.carryOut(sent);
      this.count();
      this.paint();
      this.flush();
      this.renderSoon();
      store(this, false);
      return sent;
    }
    // Sent again until the server says that it is applied: an answer, or a connection, may be lost.
    flush(again) {
      this.push({ client: this.tab.client, list: this.tab.log, score: Boolean(this.scoreOpen), every: Boolean(this.every), again: again || 0 });
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.notAnswered(again || 0), 5000);
    }
    notAnswered(again) {
      if (!this.root.isConnected || !this.tab.log.some((event) => event.n > this.applied)) return;
      if (window.PCSDom.atWork()) { this.waiting = setTimeout(() => this.notAnswered(again), 2000); return; }
      this.say("The server does not answer. What you do is kept in this tab and sent again.", true);
      if (again < 2) { this.flush(again + 1); return; }
      // A server that was restarted knows nothing of this page, and Streamlit doesn't tell it: open
      // the page anew once the server is there. The events wait in the tab's store.
      fetch(window.PCSDom.base + "/_stcore/health").then((answer) => {
        if (!answer.ok) throw new Error(answer.status);
        store(this, true);
        location.reload();
      }).catch(() => { this.waiting = setTimeout(() => this.notAnswered(again), 2000); });
    }

    setTarget(target) {
      this.target = target;
      if (target === NEW && this.tool === "click") this.setTool("lasso");
      store(this, false);
      this.render();
    }
    addHub() {
      const as = "new-" + this.tab.client.slice(0, 8) + "-" + (this.tab.next + 1);
      this.target = as;
      this.send({ t: "add", as });
    }
    pick(code) {
      if (this.tool !== "click") return;
      if (this.target === NEW) { this.say("Choose a hub to click practices into, or draw the new hub's shape.", true); return; }
      const target = this.target === null ? null : this.hub(this.target);
      const there = target ? this.groups.get(code) === target.id : !this.groups.has(code);
      const aim = there ? null : target;
      const lock = this.lockOf(code, aim);
      const name = this.points.get(code).name;
      if (lock) { this.say(name + " was not moved: hub '" + lock.name + "' is locked.", true); return; }
      if (aim === null && !this.groups.has(code)) { this.say(name + " is in no hub already.", false); return; }
      this.send(this.calling({ t: "paint", codes: [code], hub: aim ? this.target : null }, [code]));
      this.say(name + (aim ? " is in '" + aim.name + "' now." : " is in no hub now."), false);
    }

    // --- shapes ---

    setTool(tool) {
      if (this.handler) { this.handler.disable(); this.handler = null; }
      this.tool = tool;
      this.root.classList.toggle("pcs-drawing", tool !== "click");
      this.root.classList.toggle("pcs-lassoing", tool === "lasso");
      if (tool === "lasso") this.map.dragging.disable(); else this.map.dragging.enable();
      const shape = { color: "#d6006e", weight: 3, fillOpacity: 0.12 };
      const options = { repeatMode: true, shapeOptions: shape, showArea: false, showLength: false, showRadius: true, metric: true, feet: false };
      const Tool = { polygon: L.Draw.Polygon, rectangle: L.Draw.Rectangle, circle: L.Draw.Circle }[tool];
      if (Tool) { this.handler = new Tool(this.map, { ...options, allowIntersection: true }); this.handler.enable(); }
      if (tool === "click" && this.target === NEW) this.target = (this.hubs.find((hub) => this.shown(hub)) || {}).id ?? null;
      this.render();
    }

    lasso() {
      const frame = this.mapBox;
      let line = null, trail = [];
      frame.addEventListener("pointerdown", (event) => {
        if (this.tool !== "lasso" || event.button !== 0 || event.target.closest(".leaflet-control, .pcs-dialog")) return;
        frame.setPointerCapture(event.pointerId);
        trail = [this.map.mouseEventToContainerPoint(event)];
        line = L.polygon([], { color: "#d6006e", weight: 3, fillOpacity: 0.12, interactive: false }).addTo(this.map);
      });
      frame.addEventListener("pointermove", (event) => {
        if (!line) return;
        const at = this.map.mouseEventToContainerPoint(event);
        if (at.distanceTo(trail[trail.length - 1]) < 3 || trail.length > 3000) return;
        trail.push(at);
        line.setLatLngs(trail.map((point) => this.map.containerPointToLatLng(point)));
      });
      const end = (event, given) => {
        if (!line) return;
        const drawn = line;
        line = null;
        if (!given || trail.length < 3) { drawn.remove(); return; }
        this.drawn(drawn, "Lasso");
      };
      frame.addEventListener("pointerup", (event) => end(event, true));
      frame.addEventListener("pointercancel", (event) => end(event, false));
    }

    drawn(layer, how) {
      if (this.outline) this.outline.remove();
      layer.setStyle({ interactive: false, dashArray: "6 5", weight: 2, fillOpacity: 0.05 });
      this.outline = layer.addTo(this.map);
      const round = (value) => Math.round(value * 1e6) / 1e6;
      const circle = layer instanceof L.Circle;
      const shape = { type: "Feature", properties: {}, geometry: null };
      if (circle) {
        const at = layer.getLatLng();
        shape.properties.radius = Math.round(layer.getRadius() * 10) / 10;
        shape.geometry = { type: "Point", coordinates: [round(at.lng), round(at.lat)] };
      } else {
        const ring = layer.getLatLngs()[0].map((at) => [round(at.lng), round(at.lat)]);
        shape.geometry = { type: "Polygon", coordinates: [[...ring, ring[0]]] };
      }
      const inside = circle ? (p) => this.map.distance(layer.getLatLng(), p.at) <= layer.getRadius() : goesRound(layer.getLatLngs()[0]);
      const codes = [...this.points.values()].filter(inside).map((p) => p.code);
      if (this.target === NEW) this.askName(shape, codes, how);
      else this.sendShape({ hub: this.target }, shape, codes, how);
    }

    sendShape(aim, shape, codes, how) {
      const target = aim.hub === undefined || aim.hub === null ? null : this.hub(aim.hub);
      const locked = codes.filter((code) => this.lockOf(code, target)).length;
      this.hits.set(this.tab.next + 1, codes);
      this.send(this.calling({ t: "shape", shape, how, ...aim }, codes));
      this.say(how + " caught " + many(codes.length, "practice") + (locked ? ", " + whole(locked) + " of them locked" : "") + ".", !codes.length);
    }

    askName(shape, codes, how) {
      const patients = codes.reduce((sum, code) => sum + this.points.get(code).patients, 0);
      const locked = codes.filter((code) => this.lockOf(code, null)).length;
      const called = this.freeName(codes.map((code) => [code, this.points.get(code).patients]));
      const name = h("input", { type: "text", maxlength: 120, value: called, "aria-label": "Name of the new hub" });
      const close = () => { box.remove(); if (this.outline) this.outline.remove(); this.outline = null; };
      const make = () => {
        const as = "new-" + this.tab.client.slice(0, 8) + "-" + (this.tab.next + 1);
        box.remove();
        this.target = as;
        this.sendShape({ as, name: name.value.trim() || called }, shape, codes, how);
      };
      const box = h("div", { class: "pcs-dialog", role: "dialog", "aria-label": "Name the new hub", onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter") make();
        if (event.key === "Escape") { close(); this.mapBox.focus(); }
      } },
      h("div", {}, how + " caught " + many(codes.length, "practice") + " with " + whole(patients) + " patients" +
        (locked ? "; " + whole(locked) + " of them stay where a lock holds them" : "") + "."),
      h("label", {}, "Name the new hub ", name),
      h("div", { class: "pcs-hubs-group" }, h("button", { type: "button", "aria-pressed": "true", onclick: make }, "Make this hub"),
        h("button", { type: "button", onclick: close }, "Draw again")));
      ["pointerdown", "mousedown", "click", "dblclick", "wheel"].forEach((kind) => box.addEventListener(kind, (event) => event.stopPropagation()));
      this.root.querySelectorAll(".pcs-dialog").forEach((old) => old.remove());
      this.mapFrame.append(box);
      name.focus();
      name.select();
    }

    zoomTo(id) {
      const at = this.members(id).map((code) => this.points.get(code)).filter(Boolean).map((p) => p.at);
      if (at.length) this.map.fitBounds(L.latLngBounds(at).pad(0.25), { maxZoom: 14, animate: false });
    }

    // --- the page ---

    build() {
      const button = (label, title, click) => h("button", { type: "button", title, onclick: click }, label);
      this.tools = TOOLS.map(([tool, label, key, title]) => {
        const made = button(label, title + " (" + key + ")", () => this.setTool(tool));
        made.dataset.tool = tool;
        return made;
      });
      this.eraser = button("Eraser", "Take practices out of their hubs, with any tool (E)", () => this.toggleEraser());
      this.undoButton = button("Undo", "", () => this.send({ t: "undo" }));
      this.redoButton = button("Redo", "", () => this.send({ t: "redo" }));
      this.back = h("select", { "aria-label": "Colour of the land", onchange: () => this.land() },
        h("option", { value: "imd" }, "Land: deprivation"), h("option", { value: "hub" }, "Land: hub of the nearest practice"), h("option", { value: "none" }, "Land: plain"));
      const keys = button("Shortcuts", "Keyboard shortcuts (?)", () => this.showKeys());
      this.head = h("p", { class: "pcs-hubs-head" });
      this.line = h("p", { class: "pcs-hubs-say", role: "status", "aria-live": "polite" });
      this.mapBox = h("div", { style: { height: "100%" }, "aria-label": "Map of practices to paint" });
      this.mapFrame = h("div", { class: "pcs-hubs-map" }, this.mapBox);
      this.newHub = button("+ Empty hub", "Add an empty hub and paint with it (N)", () => this.addHub());
      this.drawHub = button("Draw a hub", "Draw a shape and name the hub it makes (D)", () => this.setTarget(NEW));
      const parts = window.PCSHubLists;
      this.list = parts.hubs(this);
      const side = h("div", { class: "pcs-hubs-side" },
        h("div", { class: "pcs-hubs-group" }, h("b", {}, "Paint with"), this.newHub, this.drawHub), this.list.element,
        h("p", { class: "pcs-quiet" }, "Bar: patients. Green: " + whole(this.data.band.low) + " to " + whole(this.data.band.high) + "."));
      this.parts = [["Figures of every hub", "figures", true], ["Practices: find, choose several, move", "practices", false], ["Score card of the plan", "score", false]].map(([title, kind, open]) => {
        const part = parts[kind](this);
        const box = h("details", { "data-part": kind, ontoggle: () => { this.opened(); this.render(); } }, h("summary", {}, title), part.element);
        box.open = open;
        return { kind, box, update: part.update };
      });
      this.root.replaceChildren(this.head,
        h("div", { class: "pcs-hubs-bar", role: "toolbar", "aria-label": "Painting" },
          h("div", { class: "pcs-hubs-group" }, this.tools, this.eraser), h("div", { class: "pcs-hubs-group" }, this.undoButton, this.redoButton),
          h("div", { class: "pcs-hubs-group" }, this.back, keys)),
        this.line, h("div", { class: "pcs-hubs-main" }, this.mapFrame, side), ...this.parts.map((part) => part.box));

      this.map = L.map(this.mapBox, { center: [51.75, 0.55], zoom: 9, attributionControl: true, doubleClickZoom: true });
      window.PCSMap.mount(this.map, { onPick: (code) => this.pick(code), lines: (code) => this.lines(code) });
      this.map.on("draw:created", (event) => this.drawn(event.layer, { polygon: "Polygon", rectangle: "Rectangle", circle: "Circle" }[event.layerType]));
      this.lasso();
      new ResizeObserver(() => window.PCSMap.quietly(this.map, () => this.map.invalidateSize({ animate: false }))).observe(this.mapBox);
      this.keys = (event) => this.key(event);
      document.addEventListener("keydown", this.keys, true);
      this.leave = () => store(this, true);
      window.addEventListener("pagehide", this.leave);
    }

    toggleEraser() {
      if (this.target === null) { this.target = undefined; this.settleTarget(); }
      else this.target = null;
      this.setTarget(this.target);
    }

    showView() {
      const now = JSON.stringify(this.data.view);
      if (now === this.viewed) { this.paint(); return; }
      this.viewed = now;
      const view = { ...this.data.view, ...this.paintings() };
      window.PCSMap.update(this.map, view).then(() => { this.nearest = this.nearest || this.nearestPractices(); if (this.back.value === "hub") this.paint(); });
    }
    paintings() {
      const place = new Map(this.hubs.map((hub, i) => [hub.id, i]));
      const letters = (this.order || []).map((code) => (this.groups.has(code) ? place.get(this.groups.get(code)) : -1));
      const palette = this.hubs.map((hub) => hub.colour);
      const changes = { marks: { letters, palette, labels: this.hubs.map((hub, i) => String(i + 1)) } };
      if (this.back.value === "none") changes.fill = null;
      if (this.back.value === "imd") changes.fill = this.data.view.fill;
      if (this.back.value === "hub") {
        const land = [];
        (this.nearest || []).forEach(([lsoa, i]) => { land[lsoa] = letters[i]; });
        for (let i = 0; i < land.length; i += 1) if (land[i] === undefined) land[i] = -1;
        changes.fill = { ...this.data.view.fill, letters: land, palette, opacity: 0.45, title: "Hub of the nearest practice", labels: this.hubs.map((hub) => hub.name) };
      }
      return changes;
    }
    paint() { window.PCSMap.paint(this.map, this.paintings()); mark(this.root, "data-painted-event", String(this.tab.next)); }
    land() { this.nearest = this.nearest || this.nearestPractices(); this.paint(); }
    // For each LSOA the practice nearest to the middle of its box: [number of LSOA, of practice].
    nearestPractices() {
      const all = [...this.points.values()];
      return window.PCSMap.state(this.map).lsoas.map((layer) => {
        const middle = layer.getBounds().getCenter(), squash = Math.cos(middle.lat * Math.PI / 180);
        let best = null, least = Infinity;
        all.forEach((p) => {
          const away = (p.at.lat - middle.lat) ** 2 + ((p.at.lng - middle.lng) * squash) ** 2;
          if (away < least) { least = away; best = p; }
        });
        return [layer.feature.properties.i, best ? best.i : -1];
      });
    }

    lines(code) {
      const hub = this.hubs.find((one) => one.id === this.groups.get(code));
      return [hub ? "Hub " + this.number(hub.id) + ": " + hub.name + (hub.locked ? " (locked)" : "") : "In no hub"];
    }

    say(text, fault) { mark(this.line, "data-fault", String(Boolean(fault))); put(this.line, text); }

    opened() {
      const open = this.parts.find((part) => part.kind === "score").box.open;
      if (open === Boolean(this.scoreOpen)) return;
      this.scoreOpen = open;
      this.flush();
    }

    renderSoon() {
      if (this.due) return;
      this.due = requestAnimationFrame(() => { this.due = 0; this.render(); });
    }
    render() {
      if (!this.order) return;
      put(this.head, this.data.headline);
      this.tools.forEach((button) => mark(button, "aria-pressed", String(button.dataset.tool === this.tool)));
      mark(this.eraser, "aria-pressed", String(this.target === null));
      mark(this.drawHub, "aria-pressed", String(this.target === NEW));
      const step = (button, label, word, key) => {
        button.disabled = !label && !this.tab.log.length;
        mark(button, "title", (label ? word + ": " + label : "Nothing to " + word.toLowerCase()) + " (" + (MAC ? "⌘" : "Ctrl+") + key + ")");
      };
      step(this.undoButton, this.data.undo, "Undo", "Z");
      step(this.redoButton, this.data.redo, "Redo", "Y");
      this.list.update();
      this.parts.forEach((part) => { if (part.box.open) part.update(); });
    }

    // --- keyboard ---

    key(event) {
      if (!this.root.isConnected) { this.stop(); return; }
      const typing = event.target.closest && event.target.closest("input:not([type=checkbox]):not([type=color]), textarea, [contenteditable=true]");
      if (typing || event.altKey) return;
      const letter = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
      // Single letters count only while the builder has the focus, so that they surprise nobody.
      const act = command ? this.commands()[letter] : this.root.contains(document.activeElement) && this.letters()[letter];
      if (!act) return;
      // Escape belongs to others as well.
      if (letter !== "escape") { event.preventDefault(); event.stopPropagation(); }
      act(event);
    }
    commands() {
      const redo = () => this.send({ t: "redo" });
      const corners = () => this.handler && this.handler._markers && this.handler._markers.length;
      const undo = () => (corners() ? this.handler.deleteLastVertex() : this.send({ t: "undo" }));
      return { z: (event) => (event.shiftKey ? redo() : undo()), y: redo };
    }
    letters() {
      const ids = this.hubs.filter((hub) => this.shown(hub)).map((hub) => hub.id), at = ids.indexOf(this.target);
      const tools = TOOLS.map(([tool, , key]) => [key.toLowerCase(), () => this.setTool(tool)]);
      const targets = !ids.length ? {} : {
        "]": () => this.setTarget(ids[(at + 1) % ids.length]),
        "[": () => this.setTarget(ids[(at + ids.length - (at < 0 ? 0 : 1)) % ids.length]),
      };
      return {
        ...Object.fromEntries(tools), ...targets, e: () => this.eraser.click(), n: () => this.addHub(), d: () => this.setTarget(NEW),
        "?": () => this.showKeys(), escape: () => this.clearDrawing(),
      };
    }
    clearDrawing() {
      if (this.outline) { this.outline.remove(); this.outline = null; }
      this.root.querySelectorAll(".pcs-dialog").forEach((box) => box.remove());
      if (this.tool !== "click") this.setTool(this.tool);
    }

    showKeys() {
      const open = this.root.querySelector(".pcs-dialog");
      if (open) { open.remove(); return; }
      const cmd = MAC ? "⌘" : "Ctrl";
      const rows = [[[cmd, "Z"], "undo (while drawing a polygon: its last corner)"], [[cmd, "Y"], "redo; also " + cmd + "+Shift+Z"],
        ...TOOLS.map(([, label, key]) => [[key], label]), [["E"], "eraser on or off"], [["N"], "new empty hub"], [["D"], "draw a hub"],
        [["["], "previous hub"], [["]"], "next hub"], [["Esc"], "clear the drawing"], [["?"], "this list"]];
      const close = h("button", { type: "button", onclick: () => { box.remove(); this.mapBox.focus(); } }, "Close");
      const box = h("div", { class: "pcs-dialog", role: "dialog", "aria-label": "Keyboard shortcuts" },
        h("b", {}, "Keyboard shortcuts"), h("span", { class: "pcs-small", style: { whiteSpace: "normal" } }, "Letters work while the map or the lists have the focus. To paint without a mouse, choose practices in the table below the map."),
        h("dl", { class: "pcs-keys" }, rows.map(([names, meaning]) => [h("dt", {}, names.map((name, i) => [i ? "+" : null, h("kbd", {}, name)]).flat()), h("dd", {}, meaning)]).flat()), close);
      this.mapFrame.append(box);
      close.focus();
    }

    stop() {
      document.removeEventListener("keydown", this.keys, true);
      window.removeEventListener("pagehide", this.leave);
      store(this, true);
    }
  }

  window.PCSHubs = {
    show(root, data, send) {
      const builder = (root.pcsHubs ||= new Builder(root, send));
      builder.push = send;
      if (data.token) document.cookie = "pcs_dash_browser=" + data.token + ";path=/;max-age=31536000;SameSite=Lax";
      // What stays the same from click to click is a file of its own. While it comes, more may be said.
      builder.sent = data;
      return window.PCSMap.load(data.fixed).then((fixed) => (builder.sent === data ? builder.receive({ ...data, ...fixed }) : null));
    },
  };
})();
