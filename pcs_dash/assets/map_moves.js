// Where a map stands and what moves it, the same for every map.
//
// The page scrolls over a map: Ctrl and the wheel, two fingers or the buttons zoom, and a hint says
// so. "Whole area" shows the area, which fills its frame at every size. A map zooms out to half of
// that and no further, and comes back when it is dragged off its area. Where its boundaries are
// coarse it stops zooming in before they mislead; over a street map it goes on without them.
//
//   PCSMoves.prepare(map, own)         once a map; `own` is its state in pcs_map.js
//   PCSMoves.place(map, own)           where the user left it, else the whole area or its focus
//   PCSMoves.fit(map, own, animate, what)  the view's focus or else its area; `what` in their place
//   PCSMoves.limit(map, own)           afresh, after the area or `own.reach` has changed: the box
//                                      of what the search box found beyond it
//   PCSMoves.stop(map, own)            how far it zooms in, after its boundaries or tiles have changed
//   PCSMoves.quietly(own, act)         what `act` moves is not remembered as the user's doing
//   PCSMoves.forget(own)               where the user left it
(function () {
  "use strict";
  const { fitZoom, inside } = window.PCSLayers, { h, put } = window.PCSDom;
  // With eighths of a zoom step, and this margin, an area fills 85% or more of a frame.
  const STEP = 0.125, MARGIN = 8, MOST = 18;
  const CTRL = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";
  const WHEEL = "Use " + CTRL + " and the wheel to zoom the map", FINGERS = "Use two fingers to move the map";
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // One finger scrolls the page. Leaflet's own pinch moves the map as well as zooming it.
  const grab = L.Draggable.prototype._onDown;
  L.Draggable.prototype._onDown = function (event) {
    if (!event.touches || !this._dragStartTarget.pcsTwoFingers) grab.call(this, event);
  };

  function prepare(map, own) {
    Object.assign(map.options, { zoomSnap: STEP, bounceAtZoomLimits: false });
    map.setMaxZoom(MOST);
    const box = map.getContainer();
    box.pcsTwoFingers = true;
    own.hint = h("div", { class: "pcs-hint", "aria-hidden": "true" });
    box.append(own.hint);
    wheel(box, own);
    fingers(box, own);
    map.addControl(wholeArea(map, own));
    map.on("moveend", () => { stayNear(map, own); remember(map, own); });
    map.on("resize", () => {
      // A map that showed the whole area shows it at its new size, too.
      if (stands(map, own)) fit(map, own, false);
      limit(map, own);
    });
  }

  // --- the wheel, fingers, the button ---

  function wheel(box, own) {
    box.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) { hide(own); return; }
      event.stopImmediatePropagation(); // Leaflet would zoom; so the page scrolls
      say(own, WHEEL);
    }, { capture: true, passive: true });
  }
  function fingers(box, own) {
    let from = null;
    const at = (event) => [event.touches[0].clientX, event.touches[0].clientY];
    box.addEventListener("touchstart", (event) => {
      from = event.touches.length === 1 && !box.closest(".pcs-drawing") ? at(event) : null;
      if (!from) hide(own);
    }, { capture: true, passive: true });
    box.addEventListener("touchmove", (event) => {
      if (!from || event.touches.length > 1) return;
      const [x, y] = at(event);
      if (Math.hypot(x - from[0], y - from[1]) > 12) { from = null; say(own, FINGERS); }
    }, { capture: true, passive: true });
  }
  function say(own, text) {
    put(own.hint, text);
    own.hint.classList.add("pcs-said");
    clearTimeout(own.hinting);
    own.hinting = setTimeout(() => hide(own), 1500);
  }
  const hide = (own) => own.hint.classList.remove("pcs-said");

  function wholeArea(map, own) {
    const control = new L.Control({ position: "topleft" });
    control.onAdd = () => {
      const button = h("button", { type: "button", class: "pcs-whole leaflet-bar", title: "Show the whole area", onclick: () => {
        forget(own);
        own.reach = null;
        fit(map, own, !still(), own.view.area);
      } }, "Whole area");
      L.DomEvent.disableClickPropagation(button);
      return button;
    };
    return control;
  }

  // --- the whole area ---

  // The middle of a box and the zoom at which all of it is in the frame.
  function viewOf(map, box, most) {
    const [a, b] = [map.project(box.getSouthWest(), 0), map.project(box.getNorthEast(), 0)], size = map.getSize();
    const zoom = fitZoom([b.x - a.x, a.y - b.y], [size.x, size.y], MARGIN, STEP);
    return { centre: map.unproject(a.add(b).divideBy(2), 0), zoom: Math.min(zoom, most) };
  }
  function fit(map, own, animate, what) {
    const shown = what || own.view.focus || own.view.area;
    own.fitted = viewOf(map, L.latLngBounds(shown.bounds), shown === own.view.focus ? 14 : MOST);
    map.options.minZoom = undefined; // that of another area, or another size, would be in the way
    if (animate) map.once("moveend", () => limit(map, own));
    quietly(own, () => map.setView(own.fitted.centre, own.fitted.zoom, { animate }));
    if (!animate) limit(map, own);
  }
  const stands = (map, own) => Boolean(own.fitted && map._loaded) && map.getZoom() === own.fitted.zoom
    && map.project(map.getCenter()).distanceTo(map.project(own.fitted.centre)) < 2;

  // --- limits ---

  const stop = (map, own) => map.setMaxZoom(own.view.tiles ? MOST : own.nearest || MOST);
  const allowed = (own) => { const box = L.latLngBounds(own.view.area.bounds); return own.reach ? box.extend(own.reach) : box; };
  function limit(map, own) {
    if (own.view.area && map._loaded && map.getSize().x) map.setMinZoom(viewOf(map, allowed(own), MOST).zoom - 1);
  }
  function stayNear(map, own) {
    if (own.settling || own.returning || !own.view.area) return;
    const box = allowed(own), at = map.getCenter();
    const near = L.latLng(inside([at.lat, at.lng], [[box.getSouth(), box.getWest()], [box.getNorth(), box.getEast()]]));
    const off = map.project(near).subtract(map.project(at));
    // Leaflet moves by whole pixels, and says that it has moved when it has not.
    if (Math.abs(off.x) >= 1 || Math.abs(off.y) >= 1) map.panTo(near, { animate: !still() });
  }

  // --- what the user did, so that a page that is opened again is as it was left ---

  const memory = (own) => "pcs-map:" + (own.view.key || "") + ":" + (own.view.area || {}).url;
  const focus = (own) => (own.view.focus || {}).name || "";
  function remember(map, own) {
    if (own.settling || own.found || !own.view.area) return;
    if (stands(map, own)) { forget(own); return; }
    const centre = map.getCenter();
    try {
      sessionStorage.setItem(memory(own), JSON.stringify([centre.lat, centre.lng, map.getZoom()]));
      sessionStorage.setItem(memory(own) + ":focus", focus(own));
    } catch { /* private browsing: nothing to remember with */ }
    tellAddress(own);
  }
  function forget(own) {
    try { sessionStorage.removeItem(memory(own)); } catch { /* nothing is kept */ }
    tellAddress(own);
  }
  // The page's address says where its map stands (address.js); the map may be in a frame of its own.
  function tellAddress(own) {
    let page = window;
    try { if (window.parent.document) page = window.parent; } catch { /* another site's frame */ }
    page.dispatchEvent(new CustomEvent("pcs-map", { detail: memory(own) }));
  }
  function remembered(own) {
    try {
      // Where the map stood for another focus says nothing of this one.
      const same = !focus(own) || sessionStorage.getItem(memory(own) + ":focus") === focus(own);
      return same ? JSON.parse(sessionStorage.getItem(memory(own))) : null;
    } catch { return null; }
  }
  function place(map, own) {
    const last = remembered(own);
    if (!last) { fit(map, own, false); return; }
    map.options.minZoom = undefined;
    quietly(own, () => map.setView([last[0], last[1]], last[2], { animate: false }));
    limit(map, own);
  }
  function quietly(own, act) {
    const before = own.settling;
    own.settling = true;
    act();
    own.settling = before;
  }

  window.PCSMoves = { prepare, place, fit, limit, stop, quietly, remember, forget };
})();
