// The lists and tables of the hub builder, in plain DOM: the hubs to paint with, their figures,
// the practices. Each `PCSHubLists.<name>(app)` makes an element and a function that brings it up
// to date with `app`. Names are untrusted: they only ever become text nodes and values.
(function () {
  "use strict";
  const { h, put, mark } = window.PCSDom;

  // Kept: making a number format takes longer than all its uses at an answer.
  const formats = {};
  const figure = (value, decimals) => (formats[decimals] ||= new Intl.NumberFormat("en-GB",
    { minimumFractionDigits: decimals, maximumFractionDigits: decimals })).format(value);
  const whole = (value) => figure(Math.round(value), 0);
  const many = (count, word) => whole(count) + " " + word + (count === 1 ? "" : "s");
  const ink = (colour) => (window.PCSMap.darkOn(colour) ? "#111827" : "#ffffff");

  function against(band, patients) {
    if (patients < band.low) return ["▼", "below the band"];
    if (patients > band.high) return ["▲", "above the band"];
    return ["✓", "in the band"];
  }

  // --- the hubs to paint with ---

  function pickButton(choose, number) {
    const badge = h("span", { class: "pcs-badge", "aria-hidden": "true" }, number);
    const name = h("span", { class: "pcs-name" });
    const count = h("span", { class: "pcs-count" });
    const value = h("i", { class: "pcs-value" }), band = h("i", { class: "pcs-band" });
    const meter = h("span", { class: "pcs-meter", "aria-hidden": "true" }, band, value);
    const small = h("span", { class: "pcs-small" });
    const button = h("button", { type: "button", class: "pcs-pick", onclick: choose }, badge, name, count, meter, small);
    return { button, badge, name, count, value, band, small };
  }

  function fillPick(pick, hub, sum, band, scale, pressed) {
    const [sign, words] = against(band, sum.patients);
    put(pick.name, (hub.locked ? "🔒 " : "") + hub.name);
    put(pick.count, whole(sum.patients));
    put(pick.small, many(sum.practices, "practice") + (hub.id === null ? "" : " " + sign));
    pick.value.style.width = Math.min(100, 100 * sum.patients / scale) + "%";
    pick.band.style.display = hub.id === null ? "none" : "";
    pick.band.style.left = 100 * band.low / scale + "%";
    pick.band.style.width = 100 * (band.high - band.low) / scale + "%";
    mark(pick.button, "aria-pressed", String(pressed));
    mark(pick.button, "title", hub.name);
    mark(pick.button, "aria-label", hub.name + (hub.locked ? ", locked" : "") + ": " + many(sum.practices, "practice") + ", " +
      whole(sum.patients) + " patients" + (hub.id === null ? ". Paint with it to erase." : ", " + words));
  }

  function hubs(app) {
    const list = h("ul", { class: "pcs-hubs-list", "aria-label": "Hubs: choose the one to paint with", tabindex: "-1" });
    const foot = h("div", { class: "pcs-hubs-foot" });
    const element = h("div", { class: "pcs-hubs-lists" }, list, foot);
    const rows = new Map();
    const rest = h("div", { class: "pcs-row" });
    const restPick = pickButton(() => app.setTarget(null), "–");
    restPick.badge.classList.add("pcs-none");
    // It has a name before its figures come.
    mark(restPick.button, "aria-label", "Unassigned");
    rest.append(restPick.button);
    const away = h("div", { class: "pcs-quiet", style: { padding: "0 8px" } });
    const total = h("div", { class: "pcs-total" });
    foot.append(rest, away, total);
    let open = null;

    function row(id) {
      const pick = pickButton(() => app.setTarget(id), "");
      const more = h("button", { type: "button", onclick: () => { open = open === id ? null : id; app.render(); } }, "⋯");
      const item = h("li", {}, h("div", { class: "pcs-row" }, pick.button, more));
      return { item, pick, more, edit: null };
    }

    function update() {
      const shown = app.hubs.filter((hub) => app.shown(hub));
      // One very large hub must not squeeze the band: the bar ends at twice its upper end.
      const most = Math.max(1, ...shown.map((hub) => app.sums.get(hub.id).patients));
      const scale = Math.min(Math.max(app.data.band.high * 1.25, most), app.data.band.high * 2);
      const live = new Set(shown.map((hub) => hub.id));
      rows.forEach((made, id) => { if (!live.has(id)) { made.item.remove(); rows.delete(id); } });
      let before = null;
      shown.forEach((hub) => {
        if (!rows.has(hub.id)) rows.set(hub.id, row(hub.id));
        const made = rows.get(hub.id);
        fillPick(made.pick, hub, app.sums.get(hub.id), app.data.band, scale, app.target === hub.id);
        put(made.pick.badge, String(app.number(hub.id)));
        made.pick.badge.style.background = hub.colour;
        made.pick.badge.style.color = ink(hub.colour);
        mark(made.more, "aria-label", "Change hub " + hub.name);
        mark(made.more, "aria-expanded", String(open === hub.id));
        if (open === hub.id && !made.edit) { made.edit = editor(app, hub.id); made.item.append(made.edit.element); }
        if (open !== hub.id && made.edit) { made.edit.element.remove(); made.edit = null; }
        if (made.edit) made.edit.update(hub);
        const at = before ? before.nextSibling : list.firstChild;
        if (at !== made.item) list.insertBefore(made.item, at);
        before = made.item;
      });
      fillPick(restPick, { id: null, name: "Unassigned", locked: false }, app.sums.get(null), app.data.band, scale, app.target === null);
      const hidden = app.hubs.length - shown.length;
      put(away, hidden ? many(hidden, "hub") + " of this plan outside " + app.data.area + ", kept" : "");
      away.style.display = hidden ? "" : "none";
      const all = app.sums.get("all");
      put(total, "Total: " + many(all.practices, "practice") + ", " + whole(all.patients) + " patients");
    }
    return { element, update };
  }

  // What can be changed of one hub. Every change can be undone, so none asks twice.
  function editor(app, id) {
    const send = (event) => app.send({ hub: id, ...event });
    const name = h("input", { type: "text", maxlength: 120, onchange: () => name.value.trim() && send({ t: "rename", name: name.value }),
      onkeydown: (event) => event.key === "Enter" && name.blur() });
    const swatches = app.data.palette.map((colour) => h("button", {
      type: "button", class: "pcs-swatch", style: { background: colour }, "aria-label": "Colour " + colour,
      onclick: () => send({ t: "recolour", colour }) }));
    const own = h("input", { type: "color", "aria-label": "Another colour", onchange: () => send({ t: "recolour", colour: own.value }) });
    const note = h("textarea", { maxlength: 2000, rows: 2, onchange: () => send({ t: "note", note: note.value }) });
    const lock = h("input", { type: "checkbox", onchange: () => send({ t: "lock", locked: lock.checked }) });
    const into = h("select", { "aria-label": "Merge into" });
    const merge = h("button", { type: "button", onclick: () => {
      if (!into.value) return;
      const other = into.value;
      send({ t: "merge", into: other });
      app.setTarget(other);
    } }, "Merge");
    const empty = h("button", { type: "button", onclick: () => send({ t: "empty" }) }, "Empty");
    const gone = h("button", { type: "button", class: "pcs-bad", onclick: () => send({ t: "delete" }) }, "Delete");
    const zoom = h("button", { type: "button", onclick: () => app.zoomTo(id) }, "Show on map");
    const element = h("div", { class: "pcs-edit" },
      h("label", {}, "Name", name),
      h("div", { class: "pcs-inline", role: "group", "aria-label": "Colour" }, swatches, own),
      h("label", {}, "Note", note),
      h("label", { class: "pcs-inline" }, h("span", { class: "pcs-inline" }, lock, "Locked: neither gains nor loses practices")),
      h("div", { class: "pcs-inline" }, "Merge into", into, merge),
      h("div", { class: "pcs-inline" }, zoom, empty, gone));
    let seen = "";
    function update(hub) {
      const idle = (input) => document.activeElement !== input;
      if (idle(name) && name.value !== hub.name) name.value = hub.name;
      if (idle(note) && note.value !== hub.note) note.value = hub.note;
      lock.checked = hub.locked;
      own.value = hub.colour;
      swatches.forEach((swatch, i) => mark(swatch, "aria-pressed", String(app.data.palette[i] === hub.colour)));
      [merge, empty, gone].forEach((button) => { button.disabled = hub.locked; });
      const others = app.hubs.filter((other) => other.id !== id && !other.locked);
      const now = JSON.stringify(others.map((other) => [other.id, other.name]));
      if (now === seen) return;
      seen = now;
      const kept = into.value;
      into.replaceChildren(h("option", { value: "" }, "choose a hub"), ...others.map((other) => h("option", { value: other.id }, other.name)));
      into.value = others.some((other) => other.id === kept) ? kept : "";
    }
    return { element, update };
  }

  // --- tables ---

  // rows: [{cells: [cell], sort(key), on}]; a cell is {text, class, node}.
  function lay(part, rows) {
    while (part.children.length > rows.length) part.lastChild.remove();
    rows.forEach((row, r) => {
      const line = part.children[r] || part.appendChild(h("tr"));
      const name = row.class || "";
      if (line.className !== name) line.className = name;
      while (line.children.length > row.cells.length) line.lastChild.remove();
      row.cells.forEach((given, c) => {
        const tag = given.head ? "TH" : "TD";
        let place = line.children[c];
        if (!place || place.tagName !== tag) {
          const fresh = h(tag.toLowerCase(), given.head ? { scope: "row" } : {});
          if (place) place.replaceWith(fresh); else line.append(fresh);
          place = fresh;
        }
        const style = given.class || "";
        if (place.className !== style) place.className = style;
        if (given.node) {
          if (place.dataset.is !== given.is) {
            const held = place.contains(document.activeElement);
            place.dataset.is = given.is;
            place.replaceChildren(given.node());
            if (held && place.querySelector("input")) place.querySelector("input").focus();
          }
        } else {
          if (place.dataset.is) delete place.dataset.is;
          put(place, given.text);
        }
      });
    });
  }
  // A sortable table whose cells are reused. columns: [{key, label, help, text, more}].
  function table(caption, app) {
    const head = h("tr"), body = h("tbody"), feet = h("tfoot");
    const element = h("div", { class: "pcs-scroll", role: "region", "aria-label": caption, tabindex: "0" },
      h("table", {}, h("thead", {}, head), body, feet));
    let order = null, columns = [];

    function heads(wanted) {
      const same = wanted.length === columns.length && wanted.every((column, i) => column.key === columns[i].key && column.label === columns[i].label);
      columns = wanted;
      if (!same) {
        head.replaceChildren(...columns.map((column) => h("th", { scope: "col", class: (column.text ? "pcs-text" : "") + (column.kind === "verdict" ? " pcs-wide" : "") },
          column.bare ? column.label : h("button", { type: "button", title: column.help || null, onclick: () => sort(column) }, column.label))));
      }
      columns.forEach((column, i) => {
        const chosen = order && order.key === column.key;
        const th = head.children[i];
        if (chosen) mark(th, "aria-sort", order.down ? "descending" : "ascending"); else th.removeAttribute("aria-sort");
        if (!column.bare) put(th.firstChild, column.label + (chosen ? (order.down ? " ▾" : " ▴") : ""));
      });
    }
    function sort(column) {
      order = order && order.key === column.key ? { key: column.key, down: !order.down } : { key: column.key, down: !column.text };
      app.render();
    }
    function ordered(rows) {
      if (!order) return rows;
      const blank = (value) => value === null || value === undefined || value === "";
      return [...rows].sort((a, b) => {
        const x = a.sort(order.key), y = b.sort(order.key);
        if (blank(x) || blank(y)) return blank(x) - blank(y);
        const way = typeof x === "string" ? x.localeCompare(y, "en-GB", { numeric: true }) : x - y;
        return order.down ? -way : way;
      });
    }
    return { element, sorting: () => order, show: (wanted, rows, sums) => { heads(wanted); lay(body, ordered(rows)); lay(feet, sums || []); } };
  }

  const SIGNS = { meets: "✓ meets", below: "▼ below", above: "▲ above", "no figure": "no figure" };

  function cell(column, value) {
    if (value === null || value === undefined) return { text: "–" };
    if (column.kind === "verdict") return { text: SIGNS[value] || value, class: value === "meets" ? "pcs-in" : value === "no figure" ? "" : "pcs-out" };
    if (column.kind === "share") return { text: figure(100 * value, 0) + "%" };
    if (column.kind === "change") return { text: (value > 0 ? "+" : "") + figure(100 * value, 0) + "%" };
    if (column.kind === "signed") return { text: (value > 0 ? "+" : "") + figure(value, column.decimals) };
    if (column.kind === "yesno") return { text: value ? "yes" : "no" };
    if (column.kind === "mix") return { is: value.join(), node: () => mix(value) };
    return { text: figure(value, column.decimals || 0) };
  }
  const GREYS = ["#4b5563", "#858d98", "#b4bac2", "#d8dce0", "#f3f4f5"];
  function mix(shares) {
    const words = shares.map((share, i) => "quintile " + (i + 1) + ": " + figure(100 * share, 0) + "%").join(", ");
    return h("span", { class: "pcs-mix", role: "img", "aria-label": words, title: words },
      shares.map((share, i) => h("i", { style: { width: 100 * share + "%", background: GREYS[i] } })));
  }

  function figures(app) {
    const made = table("Figures of every hub", app);
    const all = h("input", { type: "checkbox", onchange: () => { app.every = all.checked; app.flush(); app.render(); } });
    const note = h("p", { class: "pcs-quiet" });
    const element = h("div", {}, h("label", {}, all, " every measure"), made.element, note);
    let shown = [];
    function update() {
      // Only what the server says, the target and the user's own sorting change this table.
      const now = [app.data, app.target, all.checked, made.sorting()];
      if (now.every((item, i) => item === shown[i])) return;
      shown = now;
      const { columns, rows } = app.data.figures;
      const kept = columns.map((column, i) => ({ ...column, i })).filter((column) => all.checked || !column.more);
      const wanted = [{ key: "hub", label: "Hub", text: true }, ...kept];
      const line = (hub, values, style) => ({
        class: style, sort: (key) => (key === "hub" ? hub.name : values[columns.findIndex((column) => column.key === key)]),
        cells: [{ head: true, class: "pcs-text", is: [hub.id, hub.name, hub.colour, hub.number].join("|"), node: () => h("span", { title: hub.name },
          hub.colour && h("span", { class: "pcs-chip", style: { background: hub.colour } }), hub.number ? hub.number + ". " : "", hub.name) },
          ...kept.map((column) => cell(column, values[column.i]))],
      });
      const served = app.served.hubs;
      const body = served.map((hub, i) => [hub, i]).filter(([hub]) => app.shown(hub)).map(([hub, i]) =>
        line({ ...hub, number: i + 1 }, rows[i], app.target === hub.id ? "pcs-on" : ""));
      made.show(wanted, body, [
        line({ id: "", name: "Unassigned" }, rows[served.length], "pcs-sum"),
        line({ id: "", name: "Total " + app.data.area }, rows[served.length + 1], "pcs-sum"),
      ]);
      put(note, app.data.note);
    }
    return { element, update };
  }

  // Keeps what is chosen in two lists of hubs: whose practices are shown, and where they are moved.
  function hubChoices(app, where, into) {
    let seen = "";
    return () => {
      const now = JSON.stringify(app.hubs.map((hub) => [hub.id, hub.name]));
      if (now === seen) return;
      seen = now;
      const options = () => app.hubs.map((hub, i) => h("option", { value: hub.id }, i + 1 + ". " + hub.name));
      const [a, b] = [where.options.length ? where.value : "all", into.options.length ? into.value : null];
      where.replaceChildren(h("option", { value: "all" }, "all hubs"), h("option", { value: "" }, "Unassigned"), ...options());
      into.replaceChildren(...options(), h("option", { value: "" }, "Unassigned"));
      where.value = a;
      into.value = b === null ? app.hubs.length && app.hubs[0].id : b;
      if (where.value !== a) where.value = "all";
      if (into.selectedIndex < 0) into.selectedIndex = 0;
    };
  }

  function practices(app) {
    const chosen = new Set();
    const made = table("Practices of the area", app);
    const find = h("input", { type: "search", placeholder: "Name, code or district", "aria-label": "Find practices", oninput: () => app.render() });
    const where = h("select", { "aria-label": "Show practices of", onchange: () => app.render() });
    const into = h("select", { "aria-label": "Move the chosen practices to" });
    const move = h("button", { type: "button", onclick: () => {
      const codes = [...chosen].filter((code) => app.points.has(code));
      if (!codes.length) return;
      app.send(app.calling({ t: "paint", codes, hub: into.value === "" ? null : into.value }, codes));
      chosen.clear();
      app.render();
    } });
    const every = h("button", { type: "button", onclick: () => { visible().forEach((p) => chosen.add(p.code)); app.render(); } }, "Choose all shown");
    const none = h("button", { type: "button", onclick: () => { chosen.clear(); app.render(); } }, "Choose none");
    const element = h("div", {}, h("div", { class: "pcs-hubs-bar" }, find, where, every, none),
      h("div", { class: "pcs-hubs-bar" }, "Move the chosen to", into, move), made.element);
    // A measure is called as in the table of the hubs.
    const named = (key) => app.data.figures.columns.find((column) => column.key === key).label;
    const columns = () => [
      { key: "tick", label: "Choose", bare: true }, { key: "name", label: "Practice", text: true }, { key: "code", label: "Code", text: true },
      { key: "district", label: "District", text: true }, { key: "patients", label: named("patients") }, { key: "ratio", label: named("patients_per_fte_gp") },
      { key: "hub", label: "Hub", text: true },
    ];
    const visible = () => {
      const wanted = find.value.trim().toLowerCase();
      return [...app.points.values()].filter((p) => (where.value === "all" || where.value === String(app.groups.get(p.code) ?? "")) &&
        (!wanted || (p.name + " " + p.code + " " + p.district + " " + p.postcode).toLowerCase().includes(wanted)));
    };
    const choices = hubChoices(app, where, into);
    function update() {
      choices();
      put(move, "Move " + many(chosen.size, "practice"));
      move.disabled = !chosen.size;
      const byId = new Map(app.hubs.map((hub) => [hub.id, hub]));
      made.show(columns(), visible().map((p) => {
        const hub = byId.get(app.groups.get(p.code)), ratio = app.data.view.values[p.i];
        const values = { name: p.name, code: p.code, district: p.district, patients: p.patients, ratio, hub: hub ? hub.name : "" };
        return {
          class: chosen.has(p.code) ? "pcs-on" : "", sort: (key) => values[key],
          cells: [
            { is: p.code + chosen.has(p.code), node: () => tick(p) },
            { head: true, class: "pcs-text", text: p.name }, { class: "pcs-text", text: p.code }, { class: "pcs-text", text: p.district },
            { text: whole(p.patients) }, { text: ratio === null || ratio === undefined ? "no figure" : whole(ratio) },
            { class: "pcs-text", is: hub ? hub.id + hub.name + hub.colour : "none", node: () => h("span", {},
              hub && h("span", { class: "pcs-chip", style: { background: hub.colour } }), hub ? hub.name : "Unassigned") },
          ],
        };
      }));
    }
    function tick(p) {
      const box = h("input", { type: "checkbox", "aria-label": "Choose " + p.name, onchange: () => {
        if (box.checked) chosen.add(p.code); else chosen.delete(p.code);
        app.render();
      } });
      box.checked = chosen.has(p.code);
      return box;
    }
    return { element, update };
  }

  function score(app) {
    const body = h("tbody");
    const element = h("div", { class: "pcs-scroll", role: "region", "aria-label": "Score card", tabindex: "0" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Measure", "Value", "Unit", "Definition"].map((word, i) => h("th", { scope: "col", class: i === 1 ? "" : "pcs-text", style: { padding: "6px 8px" } }, word)))), body));
    let seen = "";
    function update() {
      const lines = app.data.score || [], now = JSON.stringify(lines);
      if (now === seen) return;
      seen = now;
      body.replaceChildren(...lines.map(([measure, value, unit, definition]) => h("tr", {}, h("th", { scope: "row", class: "pcs-text", style: { maxWidth: "none" } }, measure),
        h("td", {}, value), h("td", { class: "pcs-text" }, unit), h("td", { class: "pcs-text", style: { whiteSpace: "normal", minWidth: "260px" } }, definition))));
    }
    return { element, update };
  }

  window.PCSHubLists = { whole, many, hubs, figures, practices, score };
})();
