// Present mode: a story shown full screen, all of it in the browser.
//
// The page's button asks the server once for all slides; from then on nothing waits for it. The
// slides lie in local storage and the address says which one is shown, so that a reload, a laptop
// that slept and a server that was restarted come back to the same slide.
//
//   PCSPresent.attach(root, data, send)  the buttons on a page; data.answer brings slides
//   PCSPresent.flyTo(hit), .back()       points at a place from anywhere, and returns
//   PCSPresent.hubs()                    [id, name, codes] of the hubs on its slides, or null
//   PCSPresent.host()                    the open presentation's element, or null: what has to lie
//                                        above it (a search box on "/") is appended there
//
// Names and texts are untrusted: they only ever become text nodes.
(function () {
  "use strict";
  const { h: el } = window.PCSDom, { draw } = window.PCSPresentDraw;
  const STORE = "pcs-present:", PLACE = "pcs-present-at:", PARAMETER = "present", KEPT = 4;
  const PINK = "#d6006e";
  // What can hold more than fits, and is then scrolled by keyboard.
  const AREAS = ".pcs-p-scroll, .pcs-p-points, .pcs-p-stage";
  // Streamlit's own windows ("Connection error") make everything beside them inert, but for this.
  const ABOVE = { "data-react-aria-top-layer": "true" };
  const KEYS = [
    ["→  ↓  Page Down  Space", "Next slide"], ["←  ↑  Page Up", "Slide before"],
    ["Home  End", "First, last slide"], ["3 Enter", "Slide 3"],
    ["B  .", "Black-out; again to return"], ["L", "Pointer as a laser dot"],
    ["+  −  0", "Map: closer, wider, as it was"], ["Ctrl and the wheel", "Map: zoom"], ["Shift + arrows", "Move the map"],
    ["/", "Find a practice or place"], ["F", "Full screen"], ["?", "These keys"],
    ["Escape", "Back to the page"],
  ];
  let show = null; // the presentation that is open
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // --- what survives a reload ---

  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const write = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } };
  // A browser may refuse its storage altogether, at any of these calls.
  function keep(slides) {
    try { makeRoom(slides); } catch { /* nothing survives a reload; the slides are open */ }
    write(STORE + slides.id, slides);
  }
  function makeRoom(slides) {
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(PLACE)).map((key) => [key.slice(PLACE.length), (read(key) || {}).saved || 0]);
    kept.sort((a, b) => b[1] - a[1]).filter(([id], i) => i >= KEPT - 1 && id !== slides.id).forEach(([id]) => {
      localStorage.removeItem(STORE + id); localStorage.removeItem(PLACE + id);
    });
  }
  function keepPlace() {
    write(PLACE + show.slides.id, { at: show.at, saved: Date.now(), rehearse: show.rehearse, times: show.times, highlight: show.highlight });
    inAddress(show.slides.id + "." + (show.at + 1));
  }
  function inAddress(value) {
    const url = new URL(location.href);
    if (value === null) url.searchParams.delete(PARAMETER); else url.searchParams.set(PARAMETER, value);
    if (url.href !== location.href) history.replaceState(history.state, "", url);
  }
  // {id, at}: what the address asks for; at counts from 0.
  function asked() {
    const found = /^([0-9a-z]*)\.?(\d{1,3})?$/.exec(new URL(location.href).searchParams.get(PARAMETER) || "-");
    return found ? { id: found[1], at: Math.max(0, Number(found[2] || 1) - 1) } : null;
  }

  // --- the buttons on a page ---

  function attach(root, data, send) {
    const bar = (root.pcsBar ||= { count: Date.now(), answered: 0, root });
    bar.data = data; bar.send = send;
    if (data.token && !document.cookie.includes("pcs_dash_browser=")) {
      document.cookie = "pcs_dash_browser=" + data.token + ";path=/;max-age=31536000;SameSite=Lax";
    }
    const wanted = JSON.stringify(data.buttons);
    if (bar.buttons !== wanted) {
      bar.buttons = wanted;
      bar.said = el("span", { class: "pcs-bar-said", role: "status" });
      root.replaceChildren(...data.buttons.map(([what, label, hint]) =>
        el("button", { type: "button", class: "pcs-bar-" + what, title: hint, onclick: () => ask(bar, what) }, label)), bar.said);
    }
    const answer = data.answer;
    if (answer && answer.n > bar.answered) {
      bar.answered = answer.n;
      clearTimeout(bar.waiting);
      bar.said.textContent = answer.said || "";
      bar.said.dataset.fault = String(Boolean(answer.fault));
      if (answer.slides) open(bar, answer.slides, { at: answer.at || 0, rehearse: answer.what === "rehearse", fresh: true });
      else shutCurtain();
    } else if (!bar.begun) resume(bar);
    bar.begun = true;
    root.dataset.ready = "true";
  }

  // What the page itself can't know on the server: where its map stands.
  function mapPosition(place) {
    if (!place) return null;
    try {
      const last = JSON.parse(sessionStorage.getItem("pcs-map:" + place));
      return Array.isArray(last) && last.length === 3 ? last : null;
    } catch { return null; }
  }

  function ask(bar, what, at) {
    const n = ++bar.count;
    if (what !== "add") {
      curtain(bar.data.title || "");
      if (at === undefined && document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().then(lockEscape, () => {});
    } else { bar.said.textContent = ""; }
    bar.send({ n, what, at: at || 0, position: mapPosition(bar.data.map) });
    clearTimeout(bar.waiting);
    bar.waiting = setTimeout(() => unanswered(bar, what), 8000);
  }
  // A server that was restarted does not know this page: open it anew once it is there.
  function unanswered(bar, what) {
    if (window.PCSDom.atWork()) { bar.waiting = setTimeout(() => unanswered(bar, what), 2000); return; }
    const text = "The server does not answer. Waiting for it ...";
    if (waiting) waiting.textContent = text; else bar.said.textContent = text;
    fetch(window.PCSDom.base + "/_stcore/health").then((answer) => {
      if (!answer.ok) throw new Error(answer.status);
      if (what === "present") inAddress(".1");
      location.reload();
    }).catch(() => { bar.waiting = setTimeout(() => unanswered(bar, what), 2000); });
  }
  function resume(bar) {
    const wanted = asked();
    if (!wanted || show) return;
    const slides = wanted.id && read(STORE + wanted.id);
    const place = (wanted.id && read(PLACE + wanted.id)) || {};
    if (slides) open(bar, slides, { at: wanted.at, rehearse: place.rehearse, times: place.times, highlight: place.at === wanted.at ? place.highlight : null });
    else if (bar.data.resume) ask(bar, "present", wanted.at);
  }

  // --- opening and leaving ---

  let curtainBox = null, waiting = null;
  function curtain(title) {
    shutCurtain();
    waiting = el("p", { role: "status" }, "Making the slides ...");
    curtainBox = el("dialog", { ...ABOVE, class: "pcs-present pcs-p-curtain", "aria-label": title || "Presentation" }, waiting);
    curtainBox.addEventListener("close", () => { if (!show) leaveFullScreen(); });
    document.body.append(curtainBox);
    curtainBox.showModal();
  }
  function shutCurtain() {
    if (curtainBox) { const box = curtainBox; curtainBox = waiting = null; box.close(); box.remove(); }
  }
  const lockEscape = () => { if (navigator.keyboard && navigator.keyboard.lock) navigator.keyboard.lock(["Escape"]).catch(() => {}); };
  const leaveFullScreen = () => { if (document.fullscreenElement) document.exitFullscreen().catch(() => {}); };

  function open(bar, slides, options) {
    if (show) close();
    show = {
      slides, bar, at: 0, rehearse: Boolean(options.rehearse), times: options.times || [], highlight: null, typed: "",
      since: Date.now(), parts: build(slides.title), ticket: 0,
    };
    document.body.append(show.parts.dialog);
    show.parts.dialog.showModal();
    shutCurtain();
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("popstate", onPop);
    window.addEventListener("resize", onResize);
    document.addEventListener("fullscreenchange", onFullScreen);
    document.addEventListener("visibilitychange", stayAwake);
    stayAwake();
    show.clock = setInterval(tick, 1000);
    // The index of the search box, too.
    if (window.PCSFind) window.PCSFind.answer("a", 1).catch(() => {});
    // Every layer now, so that no slide needs the server later.
    slides.slides.forEach((slide) => {
      if (slide.picture && slide.picture.kind === "map") {
        window.PCSMap.load(slide.picture.view.area.url).catch(() => {});
        window.PCSMap.load(slide.picture.view.points.url).catch(() => {});
      }
    });
    go(Math.min(options.at, slides.slides.length - 1), options.highlight);
    moving();
    keep(slides);
  }

  function close() {
    if (!show) return;
    if (show.aside) comeBack();
    homeSearch();
    const { parts, bar, map, clock, wake } = show;
    show = null;
    clearInterval(clock);
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("popstate", onPop);
    window.removeEventListener("resize", onResize);
    document.removeEventListener("fullscreenchange", onFullScreen);
    document.removeEventListener("visibilitychange", stayAwake);
    if (wake) wake.release().catch(() => {});
    if (map) map.remove();
    parts.dialog.close();
    parts.dialog.remove();
    leaveFullScreen();
    inAddress(null);
    const button = bar.root.isConnected && bar.root.querySelector("button");
    if (button) button.focus({ preventScroll: true });
  }
  const onPop = () => { if (!new URL(location.href).searchParams.has(PARAMETER)) close(); };
  const onResize = () => { if (show) { clearTimeout(show.resizing); show.resizing = setTimeout(() => show && go(show.at, show.highlight), 120); } };
  // Escape in full screen reaches the page only as its end; a screen that was locked is no Escape.
  function onFullScreen() {
    if (!document.fullscreenElement && show && !show.toggled && document.hasFocus() && !document.hidden) close();
    if (show) show.toggled = false;
  }
  // A presenter who talks for long must not lose the screen to the saver.
  function stayAwake() {
    if (!show || document.hidden || !navigator.wakeLock) return;
    navigator.wakeLock.request("screen").then((lock) => { if (show) show.wake = lock; else lock.release(); }).catch(() => {});
  }

  // --- the frame around the slides ---

  function build(title) {
    const button = (name, label, sign, press) => el("button", { type: "button", class: "pcs-p-" + name, "aria-label": label, title: label, onclick: press }, sign);
    const parts = {
      stage: el("div", { class: "pcs-p-stage", tabindex: "-1", autofocus: "" }),
      number: el("p", { class: "pcs-p-number" }),
      said: el("p", { class: "pcs-p-said", "aria-live": "polite" }),
      black: el("div", { class: "pcs-p-black", hidden: true, onclick: () => blackOut(false) }),
      laser: el("div", { class: "pcs-p-laser", hidden: true }),
      help: el("section", { class: "pcs-p-help", "aria-label": "Keys", tabindex: "0", hidden: true },
        el("h2", {}, "Keys"), el("dl", {}, ...KEYS.flatMap(([keys, what]) => [el("dt", {}, keys), el("dd", {}, what)]))),
      notes: el("aside", { class: "pcs-p-notes", "aria-label": "Speaker notes", hidden: true }),
    };
    parts.bar = el("div", { class: "pcs-p-bar", role: "group", "aria-label": "Presentation" },
      button("leave", "Back to the page (Escape)", "✕", close), button("black-out", "Black-out (B)", "■", () => blackOut()),
      button("laser-on", "Laser dot (L)", "●", () => laser()), button("keys", "Keys (?)", "?", () => help()));
    parts.dialog = el("dialog", { ...ABOVE, class: "pcs-present", "aria-label": "Presentation: " + title },
      parts.stage, button("back pcs-p-edge", "Slide before", "‹", () => step(-1)), button("next pcs-p-edge", "Next slide", "›", () => step(1)),
      parts.bar, parts.notes, parts.number, parts.said, parts.help, parts.laser, parts.black);
    parts.dialog.addEventListener("cancel", (event) => { event.preventDefault(); escape(); });
    parts.dialog.addEventListener("close", () => { if (show && show.parts === parts) close(); });
    parts.dialog.addEventListener("pointermove", (event) => {
      moving();
      parts.laser.style.transform = "translate(" + event.clientX + "px," + event.clientY + "px)";
    });
    parts.dialog.addEventListener("pointerdown", moving);
    swipes(parts.dialog);
    return parts;
  }

  // Buttons show while the pointer moves and for a moment after.
  function moving() {
    if (!show) return;
    show.parts.dialog.classList.add("pcs-p-moving");
    clearTimeout(show.rest);
    show.rest = setTimeout(() => show && show.parts.dialog.classList.remove("pcs-p-moving"), 2500);
  }

  function wide(target) {
    const box = target.closest(AREAS);
    return Boolean(box) && box.scrollWidth > box.clientWidth + 2;
  }
  function swipes(dialog) {
    let from = null;
    dialog.addEventListener("touchstart", (event) => {
      // Fingers on the map move the map, one on what is wider than its frame moves that.
      const on = event.target.closest(".leaflet-container, input") || wide(event.target);
      from = event.touches.length === 1 && !on ? [event.touches[0].clientX, event.touches[0].clientY] : null;
    }, { passive: true });
    dialog.addEventListener("touchend", (event) => {
      if (!from) return;
      const dx = event.changedTouches[0].clientX - from[0], dy = event.changedTouches[0].clientY - from[1];
      from = null;
      if (Math.abs(dx) > 50 && Math.abs(dx) > 1.5 * Math.abs(dy)) step(dx < 0 ? 1 : -1);
    }, { passive: true });
  }

  // --- keys ---

  function onKey(event) {
    if (!show || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]")) return;
    const key = event.key;
    if (key === "/" && openSearch()) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (key === "/" || key === "Tab" || /^F\d+$/.test(key)) return;
    const pressing = (key === "Enter" || key === " ") && target instanceof Element && target.closest("button, summary, a");
    // The page below listens for letters, too ("r" runs it again).
    event.stopImmediatePropagation();
    if (pressing || scrolls(target, key)) return;
    if (!parts().black.hidden && key !== "Escape" && !["b", "B", "."].includes(key)) { blackOut(false); }
    if (act(key, event)) event.preventDefault();
  }
  // Up, Down, Home and End belong to what the focus is in where it holds more than fits. Clickers
  // send Page Up and Page Down, which always change the slide.
  function scrolls(target, key) {
    if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(key) || !(target instanceof Element)) return false;
    for (let box = target.closest(AREAS); box; box = box.parentElement.closest(AREAS)) if (overflows(box)) return true;
    return false;
  }
  const overflows = (box) => box.scrollHeight > box.clientHeight + 2 && getComputedStyle(box).overflowY !== "visible";
  // What can be scrolled can be reached with Tab.
  function reachable() {
    if (!show) return;
    show.parts.dialog.querySelectorAll(AREAS).forEach((box) => {
      box.tabIndex = overflows(box) ? 0 : -1;
    });
  }
  const parts = () => show.parts;
  const onward = () => step(1), backward = () => step(-1);
  const ACTS = {
    Enter: onward, ArrowRight: onward, ArrowDown: onward, PageDown: onward, " ": onward, Spacebar: onward,
    ArrowLeft: backward, ArrowUp: backward, PageUp: backward, Backspace: backward,
    Home: () => jump(0), End: () => jump(show.slides.slides.length - 1),
    b: () => blackOut(), ".": () => blackOut(), l: () => laser(), "?": () => help(), f: () => fullScreen(), Escape: () => escape(),
    "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), _: () => zoom(-1), 0: () => placeMap(true),
  };
  // Whether the key did something.
  function act(key, event) {
    if (/^\d$/.test(key) && !(key === "0" && !show.typed)) { show.typed = (show.typed + key).slice(-3); return true; }
    const typed = show.typed, name = key.length === 1 ? key.toLowerCase() : key;
    show.typed = "";
    if (event.shiftKey && key.startsWith("Arrow")) return pan(key);
    if (typed && key === "Enter") return jump(Number(typed) - 1);
    return Object.hasOwn(ACTS, name) && ACTS[name]() !== false;
  }
  function escape() {
    if (!show) return;
    if (!parts().black.hidden) blackOut(false);
    else if (!parts().help.hidden) help(false);
    else if (inCard()) leaveCard();
    else if (show.aside) comeBack();
    else close();
  }
  // A hub chosen in the legend by keyboard: the focus goes to its card, and back on Escape.
  const inCard = () => show.from && show.side.contains(document.activeElement);
  function leaveCard() {
    const name = show.from;
    unpoint();
    const entry = [...show.side.querySelectorAll(".pcs-p-legend button")].find((button) => button.dataset.hub === name);
    if (entry) entry.focus();
  }
  function fullScreen() {
    show.toggled = true;
    if (document.fullscreenElement) leaveFullScreen();
    else document.documentElement.requestFullscreen().then(lockEscape, () => {});
  }
  function blackOut(on) {
    const box = parts().black;
    box.hidden = on === undefined ? !box.hidden : !on;
    parts().said.textContent = box.hidden ? "" : "Black-out. Press B to return.";
  }
  function laser(on) {
    const box = parts().laser;
    box.hidden = on === undefined ? !box.hidden : !on;
    parts().dialog.classList.toggle("pcs-p-pointing", !box.hidden);
  }
  function help(on) {
    const box = parts().help;
    box.hidden = on === undefined ? !box.hidden : !on;
    if (!box.hidden) box.focus();
  }

  // --- slides ---

  function step(by) { return jump(show.at + by); }
  function jump(to) {
    const last = show.slides.slides.length - 1;
    if (to < 0 || to > last) { parts().said.textContent = to < 0 ? "This is the first slide." : "This is the last slide."; return true; }
    if (show.aside) { show.aside = null; comeBack(); }
    count();
    go(to, null);
    return true;
  }

  function go(at, highlight) {
    const total = show.slides.slides.length, slide = show.slides.slides[at], here = parts();
    if (show.slide !== slide) here.stage.scrollTop = 0;
    show.at = at;
    show.slide = slide;
    if (!total) { here.stage.replaceChildren(el("h1", {}, "This story has no views yet.")); return; }
    const picture = slide.picture;
    show.side = el("div", { class: "pcs-p-side pcs-p-scroll" });
    show.holder = el("div", { class: "pcs-p-picture" });
    // Before anything is measured: the notes take a third of the height.
    here.notes.hidden = !show.rehearse;
    here.dialog.classList.toggle("pcs-p-rehearse", show.rehearse);
    const body = el("div", { class: "pcs-p-body pcs-p-with-" + (picture ? picture.kind : "none") }, show.holder, show.side);
    here.stage.replaceChildren(
      el("header", {}, el("h1", {}, slide.heading), slide.text ? el("p", { class: "pcs-p-own" }, slide.text) : "",
        slide.message ? el("p", { class: "pcs-p-message" }, slide.message) : ""),
      body, el("footer", {}, slide.foot));
    here.number.textContent = "Slide " + (at + 1) + " of " + total;
    here.dialog.dataset.slide = String(at + 1);
    here.dialog.dataset.painted = "false";
    show.highlight = show.from = null;
    sideline();
    drawPicture();
    const wanted = highlight || (slide.highlight ? known(slide.highlight) : null);
    if (wanted) point(wanted);
    if (show.rehearse) notes();
    here.said.textContent = "Slide " + (at + 1) + " of " + total + ". " + slide.heading + ". " + slide.text + " " + slide.message;
    keepPlace();
    reachable();
  }
  // A story's highlight is a practice code or a hub's name.
  function known(key) {
    if (cards()[key]) return { kind: "practice", key };
    return show.slide.hubs[key] ? { kind: "hub", key } : null;
  }
  const cards = () => show.slides.cards[show.slide.cards] || {};

  function drawPicture() {
    const picture = show.slide.picture, ticket = ++show.ticket;
    const painted = () => { if (show && ticket === show.ticket) show.parts.dialog.dataset.painted = "true"; };
    if (!picture) { painted(); return; }
    if (picture.kind === "map") { drawMap(picture, ticket).then(painted); return; }
    show.holder.replaceChildren(draw(picture, show.holder, {
      onMark: (key) => choose(known(key)),
    }));
    painted();
  }

  // The right-hand side: figures and legend, or the card of what is pointed at.
  function sideline() {
    const slide = show.slide, picture = slide.picture || {};
    const figures = slide.figures.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", { class: value.length > 8 ? "pcs-p-long" : "" }, value)));
    const boxes = figures.length ? [el("dl", { class: "pcs-p-figures" }, ...figures)] : [];
    (picture.legends || []).forEach((legend) => {
      const named = Object.keys(slide.hubs);
      boxes.push(el("section", { class: "pcs-p-legend" }, el("h2", {}, legend.title), el("ul", {}, ...legend.items.map(([colour, label, number]) => {
        const name = label.replace(/^\d+\. /, ""), hub = named.includes(name) && name;
        const content = [el("span", { class: "pcs-p-swatch", style: "background:" + colour, "aria-hidden": "true" }), el("span", {}, label), number === null ? "" : el("b", {}, number.toLocaleString("en-GB"))];
        return el("li", {}, ...(hub ? [el("button", { type: "button", "data-hub": hub, onclick: (event) => pointFromLegend(hub, event) }, ...content)] : content));
      })), picture.note ? el("p", {}, picture.note) : ""));
    });
    show.side.replaceChildren(...boxes);
    show.side.hidden = !boxes.length;
    if (boxes.length && (picture.legends || []).length) { show.side.setAttribute("role", "region"); show.side.setAttribute("aria-label", "Figures and legend"); }
  }

  function pointFromLegend(hub, event) {
    choose({ kind: "hub", key: hub });
    if (event.detail) return; // a mouse: its pointer shows where things are
    show.from = hub;
    show.side.querySelector(".pcs-p-card").focus();
  }

  function card(name, line, rows, remark) {
    show.side.hidden = false;
    show.side.replaceChildren(el("section", { class: "pcs-p-card", "aria-live": "polite", "aria-label": name, tabindex: "-1" },
      el("button", { type: "button", class: "pcs-p-shut", "aria-label": "Close the card", onclick: () => (inCard() ? leaveCard() : unpoint()) }, "✕"),
      el("h2", {}, name), line ? el("p", {}, line) : "", el("dl", {}, ...rows.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)])),
      remark ? el("p", { class: "pcs-p-remark" }, remark) : ""));
    reachable();
  }

  // --- pointing at a practice or a hub ---

  function point(what) {
    if (!what) return;
    const hubOf = (show.slide.picture || {}).hubOf || {};
    let { kind, key } = what;
    let via = "";
    if (kind === "practice" && hubOf[key] && show.slide.hubs[hubOf[key]]) { via = key; kind = "hub"; key = hubOf[key]; }
    show.highlight = { kind, key };
    if (kind === "hub") card(key, via && cards()[via] ? "With " + cards()[via][0] + " (" + via + ")" : "Hub", show.slide.hubs[key] || [], "");
    else if (cards()[key]) { const [name, line, rows, remark] = cards()[key]; card(name, key + " · " + line, rows, remark); }
    rings();
    show.holder.querySelectorAll("[data-key]").forEach((mark) => mark.classList.toggle("pcs-p-marked", mark.dataset.key === (via || key) || mark.dataset.key === key));
    keepPlace();
  }
  // What is chosen on the slide takes the place of what was found: one card, one ring.
  function choose(what) {
    if (show.map) window.PCSMap.unmark(show.map);
    point(what);
  }
  function unpoint() {
    if (!show) return;
    if (show.map) window.PCSMap.unmark(show.map);
    unring();
    sideline();
    keepPlace();
  }
  function unring() {
    show.highlight = show.from = null;
    rings();
    show.holder.querySelectorAll(".pcs-p-marked").forEach((mark) => mark.classList.remove("pcs-p-marked"));
  }

  // --- the map ---

  function drawMap(picture, ticket) {
    if (!show.map) {
      show.mapBox = el("div", { class: "pcs-p-map" });
      show.holder.replaceChildren(show.mapBox);
      const map = show.map = L.map(show.mapBox, { keyboard: false, zoomAnimation: !still(), fadeAnimation: !still(), inertia: !still() });
      // What was found on the page before is no part of the story.
      window.PCSMap.mount(map, { onPick: (code) => choose({ kind: "practice", key: code }), finds: () => Boolean(show && show.aside) });
      map.createPane("pcs-rings").style.zIndex = 460;
      map.getPane("pcs-rings").style.pointerEvents = "none";
      show.rings = L.layerGroup().addTo(map);
      show.ringRenderer = L.svg({ pane: "pcs-rings" });
      map.on("click", unpoint);
      map.on("zoomend moveend", () => rings());
    }
    show.holder.replaceChildren(show.mapBox);
    show.mapBox.setAttribute("role", "region");
    show.mapBox.setAttribute("aria-label", picture.alt);
    show.mapBox.tabIndex = 0;
    // What the script moves is not what the presenter moved: only that is remembered.
    window.PCSMap.quietly(show.map, () => {
      show.map.invalidateSize({ animate: false, pan: false });
      // A first view before the layers are there: Leaflet moves nothing without one.
      if (!show.map._loaded) show.map.fitBounds(picture.view.area.bounds, { animate: false });
    });
    // Each slide of each story has a memory of its own of where its map was left.
    const key = picture.view.key + "-" + show.slides.id;
    const before = mapPosition(key + ":" + picture.view.area.url);
    return window.PCSMap.update(show.map, { ...picture.view, key, selected: null }).then(() => {
      if (!show || ticket !== show.ticket) return;
      enlarge();
      // A find has its own place on the map, to which it is on its way.
      if (!show.aside) placeMap(false, before);
      else { window.PCSMap.settle(show.map); window.PCSMap.fly(show.map, window.PCSFind.active()); }
      rings();
    });
  }
  // Where the presenter left it, else as the story says, else the whole area.
  function placeMap(afresh, before) {
    const picture = show.slide.picture;
    if (!show.map || !picture || picture.kind !== "map") return false;
    // A zoom under way would end where it was going, whatever is said now.
    if (show.map._animatingZoom) { show.map.once("zoomend", () => show && placeMap(afresh, before)); return true; }
    const at = afresh ? picture.position : before || picture.position;
    if (afresh) window.PCSMap.forget(show.map);
    window.PCSMap.quietly(show.map, () => {
      if (at) show.map.setView([at[0], at[1]], at[2], { animate: false });
      else window.PCSMap.fit(show.map);
      window.PCSMap.settle(show.map);
    });
    return true;
  }
  // Dots for the back of the room, as far as there is room for them.
  function enlarge() {
    const points = Object.values(window.PCSMap.state(show.map).points), factor = points.length > 60 ? 1.15 : 1.5;
    points.forEach((p) => { p.dot.setRadius(p.dot.getRadius() * factor); if (p.ring) p.ring.setRadius(p.dot.getRadius() + 5); });
  }
  function rings() {
    if (!show || !show.map || !show.rings || (show.slide.picture || {}).kind !== "map") return;
    const what = show.highlight, points = window.PCSMap.state(show.map).points;
    const hubOf = show.slide.picture.hubOf || {};
    const codes = !what ? [] : what.kind === "practice" ? [what.key] : Object.keys(hubOf).filter((code) => hubOf[code] === what.key);
    show.rings.clearLayers();
    codes.filter((code) => points[code]).forEach((code) => {
      const at = points[code].dot.getLatLng(), radius = points[code].dot.getRadius() + 8;
      [["#ffffff", 11], [PINK, 6]].forEach(([color, weight]) => L.circleMarker(at, { pane: "pcs-rings", renderer: show.ringRenderer, interactive: false, fill: false, color, weight, radius }).addTo(show.rings));
    });
  }
  function onMap() { return show.map && (show.slide.picture || {}).kind === "map"; }
  function zoom(by) { if (!onMap()) return false; show.map.setZoom(show.map.getZoom() + by, { animate: !still() }); return true; }
  function pan(key) {
    if (!onMap()) return false;
    const by = { ArrowLeft: [-160, 0], ArrowRight: [160, 0], ArrowUp: [0, -160], ArrowDown: [0, 160] }[key];
    show.map.panBy(by, { animate: !still() });
    return true;
  }

  // The page's search box (find.js) lies outside this dialog, where nothing can be typed: it is
  // taken in while it is used.
  function openSearch() {
    const find = window.PCSFind, box = document.querySelector(".pcs-find-box");
    if (!find || !box) return false;
    if (!show.search) {
      show.search = { box, home: box.parentElement };
      box.addEventListener("focusout", () => setTimeout(() => { if (!box.contains(document.activeElement)) homeSearch(); }, 0));
    }
    parts().dialog.append(box);
    find.open(parts().stage);
    return true;
  }
  function homeSearch() {
    if (!show || !show.search) return;
    const { box, home } = show.search;
    show.search = null;
    if (home.isConnected) home.prepend(box); else box.remove();
    parts().stage.focus({ preventScroll: true });
  }
  // Takes back what was found, on the page below as well.
  function comeBack() {
    if (window.PCSFind && window.PCSFind.active()) window.PCSFind.back();
    if (show && show.aside) back();
  }

  // --- "What about ...?": show a place on this slide's map, or on the story's first map ---

  function flyTo(hit) {
    if (!show) return false;
    homeSearch();
    const slides = show.slides.slides, isMap = (slide) => Boolean(slide.picture) && slide.picture.kind === "map";
    const fits = (slide) => isMap(slide) && (hit.kind !== "hub" || slide.hubs[hit.name]);
    let at = fits(show.slide) ? show.at : slides.findIndex(fits);
    if (at < 0) at = onMap() ? show.at : slides.findIndex(isMap);
    const aside = show.aside || { at: show.at, highlight: show.highlight };
    const other = at >= 0 && at !== show.at;
    if (other) go(at, null);
    show.aside = aside;
    if (hit.kind === "practice" && cards()[hit.key]) point({ kind: "practice", key: hit.key });
    else if (show.slide.hubs[hit.name]) point({ kind: "hub", key: hit.name });
    else { unring(); placeCard(hit, at); }
    // Another slide's map is drawn first, and then goes there by itself.
    if (!other && onMap()) window.PCSMap.fly(show.map, hit);
    return true;
  }
  // The card of a place: its words at once, its figures as soon as the map's layers are read.
  function placeCard(hit, at) {
    const slide = show.slide, words = [hit.detail, hit.note].filter(Boolean).join(". ");
    card(hit.name || hit.key, words, [], "");
    if (at < 0) return;
    const { area, points } = slide.picture.view;
    Promise.all([window.PCSMap.load(area.url), window.PCSMap.load(points.url)]).then((files) => {
      if (!show || show.slide !== slide || !show.aside || show.highlight) return;
      const { rows, remark } = window.PCSPresentCards.of(hit, slide, cards(), ...files);
      card(hit.name || hit.key, words, rows, remark);
    }).catch(() => {});
  }
  // The hubs of this slide first, then those of the others, each once.
  function hubs() {
    if (!show) return null;
    const found = new Map();
    [show.slide, ...show.slides.slides].forEach((slide) => {
      const held = Object.entries((slide && slide.picture && slide.picture.hubOf) || {}), own = new Map();
      held.forEach(([code, name]) => own.set(name, [...(own.get(name) || []), code]));
      own.forEach((codes, name) => { if (!found.has(name)) found.set(name, [name, name, codes]); });
    });
    return [...found.values()];
  }
  function back() {
    if (!show || !show.aside) return false;
    const { at, highlight } = show.aside;
    show.aside = null;
    if (at !== show.at) go(at, highlight);
    else { unpoint(); if (highlight) point(highlight); }
    return true;
  }

  // --- rehearsing ---

  function count() {
    const now = Date.now();
    show.times[show.at] = (show.times[show.at] || 0) + (now - show.since);
    show.since = now;
  }
  const minutes = (ms) => Math.floor(ms / 60000) + ":" + String(Math.floor(ms / 1000) % 60).padStart(2, "0");
  function notes() {
    const slide = show.slide;
    show.timer = el("p", { class: "pcs-p-clock" });
    parts().notes.replaceChildren(show.timer, el("ul", { class: "pcs-p-scroll", tabindex: "0", "aria-label": "Notes" }, ...slide.notes.map((note) => el("li", {}, note))));
    tick();
  }
  function tick() {
    if (!show || !show.rehearse || !show.timer) return;
    const now = Date.now() - show.since, own = (show.times[show.at] || 0) + now;
    const all = show.times.reduce((sum, ms) => sum + (ms || 0), 0) + now;
    const each = show.slides.slides.map((slide, i) => (i === show.at || show.times[i]) && (i + 1) + ": " + minutes(i === show.at ? own : show.times[i])).filter(Boolean);
    show.timer.textContent = "Elapsed " + minutes(all) + " · this slide " + minutes(own) + (each.length > 1 ? " · slides " + each.join(", ") : "");
  }

  window.PCSPresent = { attach, curtain, flyTo, back, hubs, host: () => (show ? show.parts.dialog : null) };
})();
