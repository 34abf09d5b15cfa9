// "What about ...?": one search box over every page. It searches in the browser (find_rank.js),
// moves the page's maps (PCSMap.fly, PCSMap.back) at once, asks the server for the card, and opens
// areas: Enter on an area, Shift+Enter on anything that lies in one.
//
//   PCSFind.show(root, data, send)   draws the box and the card; called at every run of the page
//   PCSFind.open(from)               puts the focus into the box; PCSFind.back() undoes the choice
//   PCSFind.painted(PCSMap, map)     a map has been drawn: it shows the choice, or none
//   PCSFind.answer(text, limit)      a promise of the hits, best first
//
// Present mode offers window.PCSPresent.flyTo(hit) and .back(), which are called beside the maps,
// and .hubs(), which are found in place of the page's while it is open; no area is opened then.
// Names are untrusted: they only ever become text nodes.
(function () {
  "use strict";
  const { h } = window.PCSDom, { POSTCODE, normalise, prepared, withHubs, find, offers, isPractice, why } = window.PCSFindRank;
  const LIMIT = 8;
  const KIND_WORDS = { practice: "Practice", hub: "Hub", pcn: "PCN", area: "Area", town: "Town", postcode: "Postcode", lsoa: "LSOA" };
  // --- what is fetched, when the box is first used ---

  const fetched = {};
  const fetchJSON = (url) => (fetched[url] ||= fetch(url).then((got) => {
    if (!got.ok) throw new Error(url + ": " + got.status);
    return got.json();
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
    own.known = index;
    return find(index, text, limit);
  }

  // What is offered: in a presentation finds only, for there is no page to open an area on.
  async function offered(text) {
    const hits = await answer(text, LIMIT);
    return window.PCSPresent?.host?.() ? hits : offers(own.known, hits, own.data.area);
  }

  // A practice that is closed or elsewhere is told so, where the loaded lists know it.
  async function about(text) {
    if (!own.data.codes || !isPractice(text)) return "";
    return fetchJSON(own.data.codes).then((known) => why(known, text), () => "");
  }

  // --- the box ---

  function build(root) {
    const list = h("ul", { role: "listbox", id: "pcs-find-list", "aria-label": "What was found", class: "pcs-find-list", hidden: "",
      onmousedown: (event) => event.preventDefault() });
    const input = h("input", { type: "text", role: "combobox", class: "pcs-find-input", maxlength: "100", autocomplete: "off", spellcheck: "false",
      "aria-label": "What about ...? Any practice, hub, PCN, town, postcode or LSOA", "aria-expanded": "false",
      "aria-controls": "pcs-find-list", "aria-autocomplete": "list", "aria-keyshortcuts": "/",
      placeholder: "What about ...?", oninput: () => look(), onkeydown: onKey, onfocus: () => { load().catch(() => {}); look(); },
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
    if (!text.trim() || (own.active && text === own.active.name)) { fold(); tell(hint, text.trim() ? "" : "Part of a name or code: Tilbury, F81110, RM18 8EB, Thurrock 014C. Shift+Enter opens the area it lies in."); return; }
    let hits, fault = "";
    try {
      hits = await offered(text);
      if (!hits.length) fault = await about(text);
    } catch (error) { hits = []; fault = "The list to search in could not be fetched (" + error.message + "). Reload the page."; }
    if (mine !== ticket) return;
    own.hits = hits;
    own.marked = 0;
    list.replaceChildren(...hits.map(option));
    list.hidden = !hits.length;
    input.setAttribute("aria-expanded", String(Boolean(hits.length)));
    mark(0);
    const none = hits.length ? "" : fault || "Nothing is called “" + text.trim() + "” here. Try a name, an ODS code, a postcode, a town or an LSOA.";
    tell(hint, none);
    said.textContent = none || hits.length + " found. Up and down to choose, Enter to go there, Shift and Enter to open its area.";
    list.dataset.for = text;
    window.__pcsFindPainted = performance.now();
  }
  const tell = (box, text) => { box.textContent = text; box.hidden = !text; };

  function option(hit, i) {
    return h("li", { role: "option", id: "pcs-find-" + i, "aria-selected": "false", onclick: () => take(own.hits, i), onmousemove: () => mark(i) },
      h("span", { class: "pcs-find-kind" }, hit.opens ? "Open" : KIND_WORDS[hit.kind] || hit.kind), h("strong", {}, hit.name),
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

  async function onKey(event) {
    const many = own.hits.length, taken = () => { event.preventDefault(); event.stopPropagation(); };
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && many) { taken(); mark((own.marked + 1) % many); }
    else if (event.key === "ArrowUp" && many) { taken(); mark((own.marked + many - 1) % many); }
    else if (event.key === "ArrowDown" && own.parts.input.value.trim()) { taken(); if (own.active) own.parts.input.select(); look(); }
    else if (event.key === "Enter") {
      taken();
      const text = own.parts.input.value;
      // Typed faster than it was found: the answer to what stands there now counts.
      if (own.parts.list.dataset.for !== text || !many) {
        if (!text.trim() || (own.active && text === own.active.name)) return;
        take(await offered(text).catch(() => []), 0, event.shiftKey);
      } else take(own.hits, own.marked, event.shiftKey);
    } else if (event.key === "Escape") {
      taken();
      if (many) fold();
      else if (own.active) back();
      else { own.parts.input.value = ""; fold(); restoreFocus(); }
    }
  }

  // --- going there and back ---

  const visible = (list) => list.filter(([, map, element]) => map.getContainer().getClientRects().length && element.getClientRects().length);
  // Every map of the page, those behind a tab too.
  function maps() {
    const here = window.PCSMap ? window.PCSMap.maps().map((map) => [window.PCSMap, map, map.getContainer()]) : [];
    document.querySelectorAll("iframe").forEach((frame) => {
      let drawn = null;
      try { drawn = frame.contentWindow.PCSMap; } catch { drawn = null; /* another host's frame */ }
      if (drawn) drawn.maps().forEach((map) => here.push([drawn, map, frame]));
    });
    return here;
  }
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const ask = (what, more) => own.send({ n: Date.now(), do: what, ...more });
  // Goes to a find, or opens its area.
  function take(hits, which, home) {
    const hit = hits[which];
    if (!hit) return;
    const area = areaCalled(hit.opens || (home && hit.home));
    if (area && !window.PCSPresent?.host?.()) openArea(area);
    else choose(hit);
  }
  const areaCalled = (key) => own.known.all.map((entry) => entry.hit).find((hit) => hit.kind === "area" && hit.key === key);
  function openArea({ key, name }) {
    if (own.active) forget("stay");
    own.parts.input.value = "";
    fold();
    ask("open", { area: key });
    own.parts.said.textContent = "Opening " + name + ".";
    restoreFocus();
  }

  function choose(hit) {
    const { input } = own.parts;
    const first = !own.active;
    own.active = { ...hit, n: Date.now(), places: Object.fromEntries(hit.codes.filter((code) => own.index.where[code]).map((code) => [code, own.index.where[code]])) };
    fold();
    input.value = hit.name;
    const shown = visible(maps());
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
    forget("back");
    window.PCSPresent?.back?.();
    document.querySelector(".stMain")?.scrollTo({ top: own.scrolled || 0, behavior: still() ? "auto" : "smooth" });
    ask("back");
    own.parts.said.textContent = "Back to where you were.";
    restoreFocus();
    return true;
  }
  function stay() {
    forget("stay");
    ask("stay");
    restoreFocus();
  }
  // Nothing is found any more: no map may go on showing it, wherever it is.
  function forget(how) {
    // The server may still be answering what is over by now.
    own.cleared = own.active.n;
    own.active = null;
    own.parts.input.value = "";
    maps().forEach(([drawn, map]) => drawn[how](map));
    drawCard();
  }
  function restoreFocus() {
    const at = own.before;
    own.before = null;
    own.parts.input.blur();
    if (at && at.isConnected && at !== document.body) at.focus({ preventScroll: true });
  }
  function painted(drawn, map) {
    if (!own.active) { drawn.leave(map); return; }
    drawn.fly(map, own.active);
    drawCard();
  }

  // --- the card ---

  function drawCard() {
    const { card, root } = own.parts, hit = own.active;
    card.hidden = !hit;
    root.classList.toggle("pcs-find-open", Boolean(hit));
    if (!hit) { card.replaceChildren(); delete card.dataset.n; return; }
    const given = own.data.held && own.data.held.n === hit.n ? own.data.card : null;
    const map = visible(maps()).length > 0;
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
        map ? null : button("Show on the map", "Open the Overview and show it there", firstPage),
        button("Back to where I was (Esc)", "The map and the choice as they were", back), button("Stay here", "Close the card and leave the map where it is", stay))];
    card.replaceChildren(...parts.filter(Boolean));
    if (given) card.dataset.n = String(hit.n);
    if (focus) card.focus({ preventScroll: true });
  }
  // By the menu's own link, so that the session and what it holds stay.
  function firstPage() {
    const link = document.querySelector('[data-testid="stSidebarNavLink"]');
    if (link) link.click(); else location.assign(window.PCSDom.base + "/" + location.search);
  }
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
      visible(maps()).forEach(([drawn, map]) => drawn.fly(map, own.active));
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

  window.PCSFind = { show, open, back, painted, answer, active: () => own.active };
})();
