// "What about ...?": one search box over every page. It searches in the browser, by the rules of
// pcs_dash/search.py (tests/browser/test_find.py holds the two together), moves the page's maps
// (PCSMap.fly, PCSMap.back) at once, and asks the server for the card.
//
//   PCSFind.show(root, data, send)   draws the box and the card; called at every run of the page
//   PCSFind.open(from)               puts the focus into the box; PCSFind.back() undoes the choice
//   PCSFind.painted(PCSMap, map)     a map has been drawn: it shows the choice, if there is one
//   PCSFind.find(index, text, limit) the hits, best first: {kind, key, name, detail, ...}
//
// Present mode may offer window.PCSPresent.flyTo(hit) and .back(), which are called beside the maps,
// and .hubs(), which are found in place of the page's while it is open.
// Names are untrusted: they only ever become text nodes.
(function () {
  "use strict";
  const LIMIT = 8;
  const KIND_WORDS = { practice: "Practice", hub: "Hub", pcn: "PCN", area: "Area", town: "Town", postcode: "Postcode", lsoa: "LSOA" };
  const POSTCODE = /^([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})$/;
  const SECTOR = /^([a-z]{1,2}\d[a-z\d]?) (\d)[a-z]?$/;
  const DISTRICT = /^[a-z]{1,2}\d[a-z\d]?$/;
  const LIKE_A_POSTCODE = /^[a-z]{1,2}\d/;

  // --- the rules of search.py ---

  function normalise(text, same) {
    const plain = text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/ß/g, "ss")
      .replace(/['’‘`´]/g, "").replace(/&/g, " and ");
    return (plain.match(/[\p{L}\p{N}]+/gu) || [])
      .map((word) => (Object.hasOwn(same, word) ? same[word] : word)).filter(Boolean).join(" ");
  }

  const place = (key, name, detail, latitude, longitude, zoom, codes) =>
    ({ key, name, detail, latitude, longitude, zoom, codes, note: "" });

  function prepared(raw) {
    const index = { ...raw, parts: {}, where: {} };
    index.entries = raw.entries.map(([kind, ...rest]) => entryOf(raw, raw.kinds[kind], rest.slice(0, 7), ...rest.slice(7)));
    index.entries.forEach(({ hit }) => { if (hit.kind === "practice") index.where[hit.key] = [hit.latitude, hit.longitude]; });
    return joined(index, []);
  }
  function entryOf(raw, kind, fields, words, codes, weight) {
    return { hit: { kind, ...place(...fields) }, name: normalise(fields[1], raw.same), words, codes, weight };
  }
  // One long text is searched far quicker than a thousand short ones; line n is entry n.
  function joined(index, hubs) {
    const all = [...index.entries, ...hubs], starts = [0];
    all.forEach((entry) => starts.push(starts[starts.length - 1] + entry.words.length + 1));
    return { ...index, all, starts, text: all.map((entry) => entry.words).join("\n") };
  }
  function withHubs(index, hubs) {
    const known = new Map(index.entries.filter(({ hit }) => hit.kind === "practice").map((entry) => [entry.hit.key, entry]));
    const made = hubs.map(([id, name, codes]) => {
      const own = codes.filter((code) => known.has(code));
      if (!own.length) return null;
      const middle = (part) => own.reduce((sum, code) => sum + index.where[code][part], 0) / own.length;
      const hit = place(id, name, "Hub, " + own.length + " practice" + (own.length === 1 ? "" : "s"), middle(0), middle(1), 12, own);
      const plain = normalise(name, index.same);
      return { hit: { kind: "hub", ...hit }, name: plain, words: " " + plain + " hub ", codes: [], weight: 0 };
    });
    return joined(index, made.filter(Boolean));
  }

  function find(index, text, limit) {
    const query = normalise(Array.from(text).slice(0, index.max).join(""), index.same);
    if (!query) return [];
    const compact = query.replace(/ /g, ""), words = query.split(" ");
    const found = [];
    candidates(index, words, compact).forEach((entry) => {
      const score = scoreOf(entry, query, compact, words);
      if (score > 0) found.push([-score - entry.weight, index.kinds.indexOf(entry.hit.kind), entry]);
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2].name < b[2].name ? -1 : a[2].name > b[2].name ? 1 : 0));
    const hits = found.slice(0, limit).map((item) => item[2].hit);
    if (!LIKE_A_POSTCODE.test(compact)) return hits;
    // A postcode in full is what was asked for; part of one may be part of a code.
    const places = postcodes(index, query);
    return (POSTCODE.test(compact) ? [...places, ...hits] : [...hits.slice(0, limit - places.length), ...places]).slice(0, limit);
  }

  // The entries that hold the longest word typed, or all of it without its spaces.
  function candidates(index, words, compact) {
    const asked = new Set([words.reduce((a, b) => (b.length > a.length ? b : a))]);
    if (words.length > 1) asked.add(compact);
    const lines = new Set();
    asked.forEach((word) => {
      // One or two letters are in almost everything: they must begin a word.
      const wanted = word.length < 3 ? " " + word : word;
      let at = index.text.indexOf(wanted);
      while (at >= 0) {
        const line = lineOf(index.starts, at);
        lines.add(line);
        at = index.text.indexOf(wanted, index.starts[line + 1]);
      }
    });
    return [...lines].sort((a, b) => a - b).map((line) => index.all[line]);
  }
  function lineOf(starts, at) {
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  function scoreOf(entry, query, compact, words) {
    for (const code of entry.codes) {
      if (code === compact) return 100;
      // "f8" begins two hundred codes, so a code's beginning counts from three characters on.
      if (compact.length >= 3 && code.startsWith(compact)) return 70;
    }
    if (entry.name === query) return 90;
    if (entry.name.startsWith(query)) return 60;
    let total = 0;
    for (const word of words) {
      if (!entry.words.includes(word)) {
        // "ss7 4ea" is the code "ss74ea", whichever way it is typed.
        return compact.length >= 4 && entry.codes.some((code) => code.includes(compact)) ? 20 : 0;
      }
      if (entry.words.includes(" " + word + " ")) total += 40;
      else if (entry.words.includes(" " + word)) total += 30;
      else if (word.length < 3) return 0;
      else total += 10;
      // A word of the name says more than one of the district or the town nearby.
      if (entry.name.includes(word)) total += 5;
    }
    return total / words.length;
  }

  const postcodeHit = (fields, note) => ({ kind: "postcode", ...place(...fields), note });
  const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

  function postcodes(index, query) {
    const compact = query.replace(/ /g, ""), whole = compact.match(POSTCODE);
    if (whole) {
      const shown = (whole[1] + " " + whole[2]).toUpperCase(), part = index.parts[whole[1]];
      const listed = part && Object.hasOwn(part, whole[2]) ? part[whole[2]] : null;
      if (listed) return [fromDirectory(index, compact, shown, listed)];
      if (Object.hasOwn(index.exact, compact)) return [postcodeHit(index.exact[compact], "")];
      return partOf(index, whole[1] + whole[2][0], whole[1],
        shown + (index.hasDirectory ? " is not in the postcode directory loaded; " : " is no practice's postcode; "));
    }
    const sector = query.match(SECTOR);
    if (sector) return partOf(index, sector[1] + sector[2], sector[1], "");
    return DISTRICT.test(query) ? partOf(index, "", query, "") : [];
  }
  function partOf(index, sector, district, asked) {
    const spaced = (sector.slice(0, -1) + " " + sector.slice(-1)).toUpperCase();
    if (Object.hasOwn(index.sectors, sector)) return [middleOf(index.sectors[sector], spaced, "sector", asked)];
    if (!Object.hasOwn(index.districts, district)) return [];
    const noneThere = sector ? "no practice in sector " + spaced + "; " : "";
    return [middleOf(index.districts[district], district.toUpperCase(), "district", asked || noneThere)];
  }
  function middleOf(fields, part, what, asked) {
    const many = fields[6].length;
    return postcodeHit(fields, capital(asked + "shown: the middle of the " + many + " practice" + (many === 1 ? "" : "s") + " in postcode " + what + " " + part));
  }
  function fromDirectory(index, compact, shown, [latitude, longitude, town, lsoa]) {
    const codes = Object.hasOwn(index.exact, compact) ? index.exact[compact][6] : [];
    return postcodeHit([shown, shown, "Postcode" + (town ? ", near " + town : ""), latitude, longitude, 15, codes],
      lsoa ? "The directory loaded has no position; shown: the middle of its LSOA, " + lsoa : "");
  }

  // --- what is fetched, when the box is first used ---

  const fetched = {};
  const fetchJSON = (url) => (fetched[url] ||= fetch(url).then((answer) => {
    if (!answer.ok) throw new Error(url + ": " + answer.status);
    return answer.json();
  }).catch((error) => { delete fetched[url]; throw error; }));

  const own = { data: {}, index: null, active: null, hits: [], marked: 0, before: null };

  async function load() {
    const { index: url, directory } = own.data;
    const raw = await fetchJSON(url);
    if (own.url !== url) {
      own.url = url;
      own.index = prepared(raw);
      own.outwards = null;
    }
    if (directory && !own.outwards) {
      // While the directory is still being prepared its list is not there: sectors stand in.
      own.outwards = await fetchJSON(directory + "list.json").then((list) => new Set(list), () => null);
      own.index.hasDirectory = Boolean(own.outwards);
    }
    const live = document.querySelector(".pcs-hubs:not(.pcs-pair)")?.pcsHubs;
    const shown = window.PCSPresent?.hubs?.(); // those of an open presentation
    if (shown) return withHubs(own.index, shown);
    return withHubs(own.index, live?.groups ? liveHubs(live) : own.data.hubs || []);
  }
  const liveHubs = (builder) => builder.hubs.map((hub) =>
    [hub.id, hub.name, [...builder.groups].filter(([, id]) => id === hub.id).map(([code]) => code)]);

  async function answer(text, limit) {
    const index = await load();
    const whole = normalise(text, index.same).replace(/ /g, "").match(POSTCODE);
    if (whole && own.outwards?.has(whole[1]) && !own.index.parts[whole[1]]) {
      own.index.parts[whole[1]] = await fetchJSON(own.data.directory + whole[1] + ".json").catch(() => ({}));
    }
    return find(index, text, limit);
  }

  // --- the box ---

  function h(tag, attributes, ...children) {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== null) made.setAttribute(name, value);
    });
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function build(root) {
    const list = h("ul", { role: "listbox", id: "pcs-find-list", "aria-label": "What was found", class: "pcs-find-list", hidden: "",
      onmousedown: (event) => event.preventDefault() });
    const input = h("input", { type: "text", role: "combobox", class: "pcs-find-input", maxlength: "100", autocomplete: "off", spellcheck: "false",
      "aria-label": "What about ...? Any practice, hub, PCN, town, postcode or LSOA", "aria-expanded": "false",
      "aria-controls": "pcs-find-list", "aria-autocomplete": "list", "aria-keyshortcuts": "/",
      placeholder: "What about ...?", oninput: () => look(), onkeydown: key, onfocus: () => { load().catch(() => {}); look(); },
      onblur: () => setTimeout(() => { if (document.activeElement !== input) fold(); }, 0) });
    const hint = h("div", { class: "pcs-find-hint", hidden: "" });
    const said = h("div", { class: "pcs-find-said", role: "status", "aria-live": "polite" });
    const card = h("section", { class: "pcs-find-card", hidden: "", tabindex: "-1" });
    root.replaceChildren(h("div", { class: "pcs-find-box", role: "search", "aria-label": "What about ...?" },
      h("span", { class: "pcs-find-icon", "aria-hidden": "true" }), input, h("kbd", { "aria-hidden": "true", title: "Press / to search" }, "/"), list, hint), said, card);
    own.parts = { root, input, list, hint, said, card };
    root.dataset.ready = "1";
  }

  const open = (from) => {
    if (!own.parts) return;
    const { input } = own.parts;
    if (document.activeElement !== input) own.before = from || document.activeElement;
    input.focus({ preventScroll: true });
    input.select();
  };

  let ticket = 0;
  async function look() {
    const { input, list, hint, said } = own.parts, mine = (ticket += 1), text = input.value;
    if (document.activeElement !== input) return;
    if (!text.trim() || (own.active && text === own.active.name)) { fold(); tell(hint, text.trim() ? "" : "Part of a name or code: Tilbury, F81110, RM18 8EB, Thurrock 014C."); return; }
    let hits, fault = "";
    try { hits = await answer(text, LIMIT); } catch (error) { hits = []; fault = "The list to search in could not be fetched (" + error.message + "). Reload the page."; }
    if (mine !== ticket) return;
    own.hits = hits;
    own.marked = 0;
    list.replaceChildren(...hits.map(option));
    list.hidden = !hits.length;
    input.setAttribute("aria-expanded", String(Boolean(hits.length)));
    mark(0);
    const none = hits.length ? "" : fault || "Nothing is called “" + text.trim() + "” here. Try a name, an ODS code, a postcode, a town or an LSOA.";
    tell(hint, none);
    said.textContent = none || hits.length + " found. Up and down to choose, Enter to go there.";
    list.dataset.for = text;
    window.__pcsFindPainted = performance.now();
  }
  const tell = (box, text) => { box.textContent = text; box.hidden = !text; };

  function option(hit, i) {
    return h("li", { role: "option", id: "pcs-find-" + i, "aria-selected": "false", onclick: () => choose(hit), onmousemove: () => mark(i) },
      h("span", { class: "pcs-find-kind" }, KIND_WORDS[hit.kind] || hit.kind), h("strong", {}, hit.name),
      h("span", { class: "pcs-find-detail" }, hit.detail), hit.note ? h("em", {}, hit.note) : null);
  }
  function mark(which) {
    const { list, input } = own.parts;
    own.marked = which;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === which)));
    if (list.children[which]) {
      input.setAttribute("aria-activedescendant", "pcs-find-" + which);
      list.children[which].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }
  function fold() {
    const { list, hint, input } = own.parts;
    ticket += 1;
    list.hidden = true; hint.hidden = true;
    list.replaceChildren();
    own.hits = [];
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function key(event) {
    const many = own.hits.length, take = () => { event.preventDefault(); event.stopPropagation(); };
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && many) { take(); mark((own.marked + 1) % many); }
    else if (event.key === "ArrowUp" && many) { take(); mark((own.marked + many - 1) % many); }
    else if (event.key === "ArrowDown" && own.parts.input.value.trim()) { take(); own.active && (own.parts.input.select()); look(); }
    else if (event.key === "Enter") {
      take();
      const text = own.parts.input.value;
      // Typed faster than it was found: the answer to what stands there now counts.
      if (own.parts.list.dataset.for !== text || !many) {
        if (!text.trim() || (own.active && text === own.active.name)) return;
        const hits = await answer(text, LIMIT).catch(() => []);
        if (hits.length) choose(hits[0]);
      } else choose(own.hits[own.marked]);
    } else if (event.key === "Escape") {
      take();
      if (many) fold();
      else if (own.active) back();
      else { own.parts.input.value = ""; fold(); restoreFocus(); }
    }
  }

  // --- going there and back ---

  function maps() {
    const here = window.PCSMap ? window.PCSMap.maps().map((map) => [window.PCSMap, map, map.getContainer()]) : [];
    document.querySelectorAll("iframe").forEach((frame) => {
      let drawn = null;
      try { drawn = frame.contentWindow.PCSMap; } catch (error) { drawn = null; /* another host's frame */ }
      if (drawn) drawn.maps().forEach((map) => here.push([drawn, map, frame]));
    });
    return here.filter(([, , element]) => element.isConnected && element.getClientRects().length);
  }
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function choose(hit) {
    const { input } = own.parts;
    const first = !own.active;
    own.active = { ...hit, n: Date.now(), places: Object.fromEntries(hit.codes.filter((code) => own.index.where[code]).map((code) => [code, own.index.where[code]])) };
    fold();
    input.value = hit.name;
    const shown = maps();
    if (first) own.scrolled = document.querySelector(".stMain")?.scrollTop ?? 0;
    shown.forEach(([drawn, map]) => drawn.fly(map, own.active));
    if (shown.length) reveal(shown[0][2]);
    window.PCSPresent?.flyTo?.(own.active);
    drawCard();
    own.send({ n: own.active.n, do: "choose", hit });
    own.parts.said.textContent = hit.name + (shown.length ? " is shown on the map." : "") + " Its card is open. Escape goes back.";
  }
  function reveal(element) {
    const box = element.getBoundingClientRect();
    if (box.top < 0 || box.top + Math.min(box.height, 300) > innerHeight) element.scrollIntoView({ block: "center", behavior: still() ? "auto" : "smooth" });
  }
  function back() {
    if (!own.active) return false;
    maps().forEach(([drawn, map]) => drawn.back(map));
    window.PCSPresent?.back?.();
    document.querySelector(".stMain")?.scrollTo({ top: own.scrolled || 0, behavior: still() ? "auto" : "smooth" });
    finish("back");
    own.parts.said.textContent = "Back to where you were.";
    restoreFocus();
    return true;
  }
  function stay() {
    maps().forEach(([drawn, map]) => drawn.stay(map));
    window.PCSPresent?.stay?.();
    finish("stay");
    restoreFocus();
  }
  function finish(how) {
    // The server may still be answering what is over by now.
    own.cleared = own.active.n;
    own.active = null;
    own.parts.input.value = "";
    drawCard();
    own.send({ n: Date.now(), do: how });
  }
  function restoreFocus() {
    const at = own.before;
    own.before = null;
    own.parts.input.blur();
    if (at && at.isConnected && at !== document.body) at.focus({ preventScroll: true });
  }
  function painted(drawn, map) {
    if (own.active) { drawn.fly(map, own.active); drawCard(); }
  }

  // --- the card ---

  function drawCard() {
    const { card, root } = own.parts, hit = own.active;
    card.hidden = !hit;
    root.classList.toggle("pcs-find-open", Boolean(hit));
    if (!hit) { card.replaceChildren(); delete card.dataset.n; return; }
    const given = own.data.held && own.data.held.n === hit.n ? own.data.card : null;
    const map = maps().length > 0;
    const state = hit.n + (given ? JSON.stringify(given) : "") + map;
    if (card.dataset.state === state) return;
    const focus = card.contains(document.activeElement);
    card.dataset.state = state;
    card.setAttribute("aria-label", "Card: " + hit.name);
    const button = (label, title, act) => h("button", { type: "button", title, onclick: act }, label);
    const lines = given ? given.lines : [hit.detail, hit.note];
    const parts = [
      h("div", { class: "pcs-find-kind" }, KIND_WORDS[hit.kind] || hit.kind), h("h2", {}, hit.name),
      ...lines.filter(Boolean).map((line) => h("p", {}, line)),
      given?.outside ? h("p", { class: "pcs-find-outside" }, given.outside.text + " ",
        given.outside.area ? button("Switch to " + given.outside.name, "Change the area in the sidebar", () => ask("switch", { area: given.outside.area })) : "") : null,
      ...(given?.tables || []).map(tableOf), given ? null : h("p", { class: "pcs-find-wait" }, "Fetching its figures ..."),
      given?.basis ? h("p", { class: "pcs-find-detail" }, given.basis) : null,
      h("div", { class: "pcs-find-buttons" },
        map ? null : button("Show on the map", "Open the page Under-doctoring and show it there", firstPage),
        button("Back to where I was (Esc)", "The map and the choice as they were", back), button("Stay here", "Close the card and leave the map where it is", stay))];
    card.replaceChildren(...parts.filter(Boolean));
    if (given) card.dataset.n = String(hit.n);
    if (focus) card.focus({ preventScroll: true });
  }
  // By the menu's own link, so that the session and what it holds stay.
  function firstPage() {
    const link = document.querySelector('[data-testid="stSidebarNavLink"]');
    if (link) link.click(); else location.assign("/" + location.search);
  }
  const ask = (what, more) => own.send({ n: Date.now(), do: what, ...more });
  function tableOf({ caption, columns, rows }) {
    const head = h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)));
    const body = rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((cell) => h("td", {}, cell))));
    return h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body));
  }

  function show(root, data, send) {
    own.data = data;
    own.send = send;
    if (!own.parts || own.parts.root !== root) build(root);
    // The server's word counts where it has heard the last thing done here.
    if (data.held && !own.active && data.held.n > (own.cleared || 0)) {
      own.active = data.held;
      own.parts.input.value = data.held.name;
      maps().forEach(([drawn, map]) => drawn.fly(map, own.active));
    } else if (!data.held && own.active && data.heard >= own.active.n) own.active = null;
    drawCard();
  }

  const typing = (target) => target.closest && target.closest("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]");
  document.addEventListener("keydown", (event) => {
    if (!own.parts || !own.parts.root.isConnected || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "/" && !typing(event.target)) { event.preventDefault(); event.stopPropagation(); open(); }
    else if (event.key === "Escape" && own.active && !typing(event.target) && !event.target.closest?.("[role=dialog], [role=listbox], [data-baseweb=popover]")) {
      if (back()) { event.preventDefault(); event.stopPropagation(); }
    }
  });

  window.PCSFind = { show, open, back, painted, find, prepared, withHubs, answer, active: () => own.active };
})();
