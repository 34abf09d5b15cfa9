// Help on every page: a button beside the search box, a panel (tour, examples, keys, glossary) and
// the tour of six steps. It changes nothing: no choice, no address; leaving puts the scrolling back.
//
//   PCSHelp.show(root, data)   draws the button; called at every run of the page
//   PCSHelp.tour()             starts the tour
(function () {
  "use strict";
  const { h } = window.PCSDom;
  const SEEN = "pcs-dash-tour";
  const own = {};
  const seen = () => { try { return localStorage.getItem(SEEN) === "seen"; } catch { return true; } };
  const remember = () => { try { localStorage.setItem(SEEN, "seen"); } catch { /* asked again next time */ } };

  const content = () => (own.fetched ||= fetch(own.data.content).then((answer) => {
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }).catch((error) => { own.fetched = null; throw error; }));

  function show(root, data) {
    own.data = data;
    if (own.root === root && root.childNodes.length) return;
    own.root = root;
    own.button = h("button", { type: "button", class: "pcs-help-button", "aria-expanded": "false", "aria-controls": "pcs-help-panel", onclick: () => (own.panel.hidden ? open() : close()) }, "Help");
    own.panel = h("section", { id: "pcs-help-panel", class: "pcs-help-panel", "aria-label": "Help", hidden: "" });
    own.panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); close(); own.button.focus(); } });
    own.invite = seen() ? null : h("span", { class: "pcs-help-invite" }, "New here? ",
      h("button", { type: "button", onclick: tour }, "Take the tour"),
      h("button", { type: "button", "aria-label": "No thanks: do not offer the tour again", onclick: () => { forget(); own.button.focus(); } }, "×"));
    root.replaceChildren(h("div", { class: "pcs-help-row" }, own.button, own.invite), own.panel);
    root.dataset.ready = "1";
  }
  const forget = () => { remember(); if (own.invite) own.invite.remove(); own.invite = null; };

  async function open() {
    own.panel.hidden = false;
    own.button.setAttribute("aria-expanded", "true");
    let given;
    try { given = await content(); } catch (error) {
      own.panel.replaceChildren(h("p", { role: "alert" }, "The help could not be fetched (" + error.message + "). Reload the page."));
      return;
    }
    const terms = h("dl", { class: "pcs-help-terms" });
    const filter = h("input", { type: "search", "aria-label": "Find a word in the glossary", placeholder: "Find a word", autocomplete: "off", oninput: () => list() });
    const count = h("p", { class: "pcs-find-said", role: "status" });
    const list = () => {
      const wanted = filter.value.trim().toLowerCase();
      const found = given.glossary.filter((term) => [term[0], term[1], ...term[2]].some((text) => text.toLowerCase().includes(wanted)));
      found.sort((a, b) => Number(b[0].toLowerCase().startsWith(wanted)) - Number(a[0].toLowerCase().startsWith(wanted)));
      terms.replaceChildren(...(found.length ? found.flatMap(([word, meaning]) => [h("dt", {}, word), h("dd", {}, meaning)]) : [h("dt", {}, "No such word here"), h("dd", {}, "“Data and methods” explains every figure.")]));
      count.textContent = found.length + " words";
    };
    list();
    const first = h("button", { type: "button", onclick: tour }, "Take the tour (six steps)");
    own.panel.replaceChildren(
      h("div", { class: "pcs-help-head" }, h("h2", {}, "Help"), h("button", { type: "button", "aria-label": "Close help", onclick: () => { close(); own.button.focus(); } }, "Close")),
      h("p", {}, first),
      h("h3", {}, "Try an example"), h("ul", {}, ...given.examples.map(([link, label]) => h("li", {}, h("a", { href: link, target: "_self" }, label)))),
      h("h3", {}, "Keys"), h("dl", { class: "pcs-help-keys" }, ...[["/", "ask “What about ...?” from anywhere"], ["Esc", "close it, and go back to where you were"],
        ["Tab", "next control; the focus has a pink line"], ["← ↑ → ↓ + −", "move and zoom a map that has the focus"], ["Ctrl + wheel", "zoom the map under the pointer"],
        ["Shift + Enter", "in the search box: open the area it lies in"]].flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
      h("h3", {}, "The words used here"), filter, count, terms);
    first.focus();
  }
  function close() {
    own.panel.hidden = true;
    own.button.setAttribute("aria-expanded", "false");
  }

  // --- the tour ---

  async function tour() {
    close();
    let steps;
    try { steps = (await content()).tour; } catch { open(); return; }
    if (own.touring) return;
    const main = document.querySelector(".stMain"), page = document.getElementById("root");
    own.touring = { scrolled: main ? main.scrollTop : 0, main, page };
    forget();
    const title = h("h2", { id: "pcs-tour-title", "aria-live": "polite" }), text = h("p", { id: "pcs-tour-text", "aria-live": "polite" }), where = h("p", { class: "pcs-tour-where" });
    const light = h("div", { class: "pcs-tour-light", "aria-hidden": "true" });
    const previous = h("button", { type: "button", onclick: () => go(at - 1) }, "Back");
    const next = h("button", { type: "button", class: "pcs-tour-next", onclick: () => (at === steps.length - 1 ? leave() : go(at + 1)) }, "Next");
    const out = h("button", { type: "button", onclick: () => leave() }, "Leave the tour");
    const box = h("div", { class: "pcs-tour-box", role: "dialog", "aria-modal": "true", "aria-labelledby": "pcs-tour-title", "aria-describedby": "pcs-tour-text" },
      where, title, text, h("div", { class: "pcs-tour-buttons" }, out, previous, next));
    const veil = h("div", { class: "pcs-tour" }, light, box);
    let at = 0;
    const place = () => put(steps[at], light, box, text);
    veil.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      else if (event.key === "ArrowRight" && at < steps.length - 1) go(at + 1);
      else if (event.key === "ArrowLeft" && at > 0) go(at - 1);
      else if (event.key === "Tab") turn(event, [out, previous, next].filter((button) => !button.disabled));
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    function go(step) {
      at = step;
      where.textContent = "Step " + (at + 1) + " of " + steps.length;
      title.textContent = steps[at].title;
      previous.disabled = at === 0;
      next.textContent = at === steps.length - 1 ? "Done" : "Next";
      box.dataset.step = String(at + 1);
      place();
      next.focus({ preventScroll: true });
    }
    function leave() {
      window.removeEventListener("resize", place);
      veil.remove();
      if (page) page.inert = false;
      if (main) main.scrollTop = own.touring.scrolled;
      own.touring = null;
      own.button.focus({ preventScroll: true });
    }
    document.body.append(veil);
    if (page) page.inert = true;
    window.addEventListener("resize", place);
    go(0);
  }
  // Tab goes round the dialog's buttons.
  function turn(event, buttons) {
    const here = buttons.indexOf(document.activeElement), step = event.shiftKey ? -1 : 1;
    buttons[here < 0 ? (event.shiftKey ? buttons.length - 1 : 0) : (here + step + buttons.length) % buttons.length].focus();
  }
  function put(step, light, box, text) {
    // A closed sidebar stands beside the window: what opens it is pointed at in its place.
    const target = step.at.map((selector) => document.querySelector(selector)).find((element) => {
      const shown = element && element.getClientRects()[0];
      return shown && shown.right > 8 && shown.left < innerWidth;
    });
    if (target) target.scrollIntoView({ block: "nearest", behavior: "auto" });
    const area = target && target.getBoundingClientRect();
    text.textContent = step.text + (target && target.matches('[data-testid="stExpandSidebarButton"]') ? " This button opens the menu that it is in." : "");
    light.hidden = !area;
    const margin = 12;
    if (!area) {
      box.style.left = Math.max(margin, (innerWidth - box.offsetWidth) / 2) + "px";
      box.style.top = Math.max(margin, (innerHeight - box.offsetHeight) / 2) + "px";
      return;
    }
    const top = Math.max(area.top, 4), bottom = Math.min(area.bottom, innerHeight - 4), left = Math.max(area.left, 4), right = Math.min(area.right, innerWidth - 4);
    Object.assign(light.style, { left: left - 4 + "px", top: top - 4 + "px", width: right - left + 8 + "px", height: bottom - top + 8 + "px" });
    const wide = box.offsetWidth, high = box.offsetHeight;
    const fits = [[right + margin, top], [left, bottom + margin], [left - wide - margin, top], [left, top - high - margin]]
      .find(([x, y]) => x >= 0 && y >= 0 && x + wide <= innerWidth && y + high <= innerHeight);
    const [x, y] = fits || [innerWidth - wide - margin, innerHeight - high - margin];
    box.style.left = Math.max(4, x) + "px";
    box.style.top = Math.max(4, y) + "px";
  }

  document.addEventListener("pointerdown", (event) => {
    if (own.root && !own.panel.hidden && !own.root.contains(event.target)) close();
  });
  window.PCSHelp = { show, tour };
})();
