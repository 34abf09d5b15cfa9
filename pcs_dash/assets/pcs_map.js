// One description of a map ("view"), drawn with Leaflet. The folium pages and the hub builder's
// component both use it, so that a layer is described once and looks the same everywhere.
//
//   PCSMap.mount(map, options)   prepares a Leaflet map; options.onPick(code) hears of clicks,
//                                options.finds() says whether it shows what the search box found
//   PCSMap.update(map, view)     shows a view, changing only what differs from the last one
//   PCSMap.paint(map, changes)   changes fill or marks of the view at once
//   PCSMap.fit(map)              shows the whole area, or the view's focus (map_moves.js)
//   PCSMap.fly(map, hit)         goes to what the search box found (find.js) and marks it
//   PCSMap.quietly(map, act)     what `act` moves is not remembered as the user's doing
//   PCSMap.settle(map)           names and shared buildings in place after dots have changed size
//   PCSMap.back(map)             takes the mark away and goes back to where the map was
//   PCSMap.stay(map)             takes the mark away and leaves the map where it is
//   PCSMap.leave(map)            takes the mark away; the map is moved by somebody else
//   PCSMap.unmark(map)           takes the mark away; `back` still goes back
//
// A view: {area: {url, bounds}, points: {url}, fill, steps (GeoJSON, drawn under the LSOAs), marks,
// ring, size, lines, selected, tiles, key, focus: {name, bounds}, tools, shapes (map_tools.js)}. The
// map goes to a focus whose name is new. Fills and
// marks are one letter for each LSOA or practice (PCSLayers.index), an index into a palette;
// marks.labels writes a word on each dot. Names are untrusted: they only ever become text nodes.
(function () {
  "use strict";
  const { h } = window.PCSDom, { index, darkOn, radius, ring, pile, fan, nameAt } = window.PCSLayers;
  const moves = window.PCSMoves;
  const fetched = {};
  const fetchJSON = (url) => (fetched[url] ||= fetch(url).then((answer) => {
    if (!answer.ok) { delete fetched[url]; throw new Error(url + ": " + answer.status); }
    return answer.json();
  }));
  const state = new WeakMap();
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  // The page around a map that stands in a frame of its own; the page itself otherwise.
  const outer = () => {
    try { return window.parent.document ? window.parent : window; } catch { return window; }
  };
  // Weakly: a map that is taken off the page may come back (present mode), or never.
  const mounted = new Set();
  const thousands = (value) => Math.round(value).toLocaleString("en-GB");

  // A dot with a short word on it, so that colour is never the only sign.
  let Dot = null;
  const dotClass = () => Dot ||= L.CircleMarker.extend({
    _updatePath: function () {
      L.CircleMarker.prototype._updatePath.call(this);
      const word = this.options.word, context = this._renderer && this._renderer._ctx;
      if (!word || !context || !this._renderer._drawing || this._radius < 6.5) return;
      context.save();
      context.font = "700 " + (word.length > 2 ? 8 : word.length > 1 ? 9.5 : 11) + "px system-ui, Arial, sans-serif";
      context.textAlign = "center"; context.textBaseline = "middle";
      context.fillStyle = darkOn(this.options.fillColor) ? "#111827" : "#ffffff";
      context.fillText(word, this._point.x, this._point.y + 0.5);
      context.restore();
    },
  });
  const textLines = (lines) => h("div", { class: "pcs-tip" }, lines.filter(Boolean).map((line, i) => h(i ? "div" : "strong", {}, line)));

  function mount(map, options) {
    const pane = (called, order, clicks) => {
      const element = map.createPane(called);
      element.style.zIndex = order;
      if (!clicks) element.style.pointerEvents = "none";
      return element;
    };
    pane("pcs-steps", 340, false);
    pane("pcs-fill", 350, true);
    pane("pcs-lines", 360, false);
    pane("pcs-points", 450, true);
    pane("pcs-labels", 470, false);
    if (map.attributionControl) map.attributionControl.setPrefix(false).addAttribution(
      "Contains OS, ONS and NHS England data © Crown copyright, OGL v3.0");
    map.on("zoomend", () => tooNear(map, own));
    const own = {
      options: options || {}, view: {}, lsoas: [], points: {}, labels: L.layerGroup().addTo(map),
      canvas: L.canvas({ pane: "pcs-fill", padding: 0.3 }),
      dots: L.canvas({ pane: "pcs-points", padding: 0.3 }),
      lines: L.canvas({ pane: "pcs-lines", padding: 0.3 }),
      steps: L.canvas({ pane: "pcs-steps", padding: 0.3 }),
    };
    L.control.scale({ imperial: true, position: "topright" }).addTo(map);
    state.set(map, own);
    mounted.add(new WeakRef(map));
    name(map);
    moves.prepare(map, own);
    map.on("zoomend", () => { gather(own); spread(map, own); });
    map.on("click", () => { if (gather(own)) settle(map); });
    map.on("moveend", () => declutter(map, own));
    map.on("resize", () => found(map)); // a map behind a tab comes into view
    return own;
  }

  // What a screen reader calls the map and its frame, and the keys that reach the search box.
  function name(map) {
    const box = map.getContainer();
    box.classList.add("pcs-map");
    // Leaflet focuses the map at every press of the mouse. The browser would scroll a map that is
    // partly out of sight into view, between press and release, and the click would miss.
    box.focus = () => HTMLElement.prototype.focus.call(box, { preventScroll: true });
    if (!box.hasAttribute("role")) box.setAttribute("role", "application");
    if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", "Map of practices");
    box.setAttribute("aria-roledescription", "map");
    box.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown ArrowLeft ArrowRight + -");
    const around = outer();
    if (around === window) return;
    if (window.frameElement) window.frameElement.title = "Map of practices (st_folium)";
    document.addEventListener("keydown", (event) => {
      const find = around.PCSFind;
      if (!find || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") { event.preventDefault(); find.open(window.frameElement); }
      else if (event.key === "Escape" && find.back()) event.preventDefault();
    });
  }

  // What the search box has found, or nothing: both may have changed while a map was out of sight.
  function found(map) {
    const find = outer().PCSFind;
    if (find && state.get(map).view.area) find.painted(window.PCSMap, map);
  }

  function update(map, view) {
    const own = state.get(map) || mount(map);
    const before = own.drawn || {};
    own.view = view;
    const ticket = (own.ticket = (own.ticket || 0) + 1);
    const wanted = [fetchJSON(view.area.url), fetchJSON(view.points.url)];
    return Promise.all(wanted).then(([area, practices]) => {
      if (ticket !== own.ticket) return;
      own.drawn = view;
      own.nearest = area.nearest;
      moves.stop(map, own);
      const moved = !before.area || before.area.url !== view.area.url;
      if (moved) { drawArea(map, own, area); own.reach = null; moves.place(map, own); }
      else if (view.focus && view.focus.name !== (before.focus || {}).name && !own.found) moves.fit(map, own, !still());
      if (moved || before.points.url !== view.points.url) drawPoints(map, own, practices, area);
      sayGeneralised(map, own);
      drawSteps(map, own); paintArea(own); paintPoints(map, own); tiles(map, own); declutter(map, own);
      if (before.selected !== view.selected) select(map, own, view.selected, false);
      if (window.PCSTools) window.PCSTools.show(map, own);
      tell();
      window.__pcsPainted = performance.timeOrigin + performance.now();
      map.getContainer().dataset.painted = String(ticket);
      found(map);
    }).catch((error) => complain(map, error));
  }

  // Once: the server then sends what stands below (first_map.py).
  let told = false;
  function tell() {
    const [base, framed] = location.pathname.split("/component/");
    if (framed && !told) navigator.sendBeacon(base + "/told/map");
    told = true;
  }

  function complain(map, error) {
    map.getContainer().append(h("div", { class: "pcs-fault", role: "alert" }, "The map could not be drawn (" + error.message + "). Reload the page."));
  }

  function drawArea(map, own, area) {
    if (own.fillLayer) { own.fillLayer.remove(); own.lineLayer.remove(); }
    own.labels.clearLayers();
    own.lsoas = [];
    own.fillLayer = L.geoJson(area.lsoas, {
      pane: "pcs-fill", renderer: own.canvas,
      style: { color: "#6b7280", weight: 0.4, fillOpacity: 0 },
      onEachFeature: (feature, layer) => own.lsoas.push(layer),
    }).addTo(map);
    own.fillLayer.on("click", (event) => {
      const code = event.propagatedFrom.feature.properties.code;
      if (!(own.view.fill || {}).pick || !own.options.onPick) return;
      own.view.selected = code;
      paintArea(own);
      own.options.onPick(code, own, event);
    });
    own.fillLayer.bindTooltip((layer) => lsoaText(own, layer), { sticky: true, opacity: 0.95 });
    own.lineLayer = L.geoJson(area.outlines, {
      pane: "pcs-lines", renderer: own.lines, interactive: false,
      style: (feature) => feature.properties.kind === "area"
        ? { color: "#111827", weight: 2.2, fill: false }
        : { color: "#374151", weight: 1.1, dashArray: "5 3", fill: false },
    }).addTo(map);
    // Those of the area come first.
    own.towns = area.towns.map(([town, size, lat, lng, inside]) => {
      const className = "pcs-town pcs-town-" + size + (inside ? "" : " pcs-town-out");
      const icon = L.divIcon({ className, html: h("span", {}, town), iconSize: [0, 0] });
      return { size, className, always: Boolean(inside) && size === 1, marker: L.marker([lat, lng], { icon, pane: "pcs-labels", interactive: false, keyboard: false }) };
    });
  }

  // Smooth shapes, each in its colour, under the outlines of the LSOAs.
  function drawSteps(map, own) {
    if (own.stepLayer) own.stepLayer.remove();
    own.stepLayer = own.view.steps ? L.geoJson(own.view.steps, {
      pane: "pcs-steps", renderer: own.steps, interactive: false,
      style: (feature) => ({ color: "#4b5563", weight: 0.8, fillColor: feature.properties.colour, fillOpacity: 0.8 }),
    }).addTo(map) : null;
  }

  // Names show as room for them does: the area's own towns first, then the largest, no two on top of
  // one another, beside large dots rather than on them, none under the controls or cut at the edge.
  function declutter(map, own) {
    if (!own.towns) return;
    const zoom = map.getZoom(), size = map.getSize(), taken = corners(map), dots = large(map, own);
    own.towns.forEach((town) => {
      const at = map.latLngToContainerPoint(town.marker.getLatLng());
      const near = at.x > -200 && at.y > -100 && at.x < size.x + 200 && at.y < size.y + 100;
      const spot = near && (town.size === 1 || zoom >= 8 + town.size) && nameAt(at, measured(map, own, town), taken, dots, town.always, [size.x, size.y]);
      if (!spot) { own.labels.removeLayer(town.marker); return; }
      taken.push(spot.box);
      own.labels.addLayer(town.marker);
      town.marker.options.icon.options.html.style.translate = spot.x + "px " + spot.y + "px";
    });
  }
  // Boxes of dots that a name would hide or be hidden by, and of the controls in the corners.
  function large(map, own) {
    return Object.values(own.points).filter((p) => p.dot.getRadius() >= 7).map((p) => {
      const at = map.latLngToContainerPoint(p.dot.getLatLng()), reach = p.dot.getRadius() * 0.8;
      return [at.x - reach, at.y - reach, at.x + reach, at.y + reach];
    });
  }
  function corners(map) {
    const box = map.getContainer(), from = box.getBoundingClientRect();
    return [...box.querySelectorAll(".leaflet-control")].map((control) => control.getBoundingClientRect()).filter((r) => r.width)
      .map((r) => [r.left - from.left - 4, r.top - from.top - 4, r.right - from.left + 4, r.bottom - from.top + 4]);
  }
  // Width and height of a name in the type it is shown in, which a style sheet may have enlarged.
  const pen = h("canvas").getContext("2d");
  function measured(map, own, town) {
    const fonts = (own.fonts ||= {});
    if (!fonts[town.className]) {
      const span = h("span"), icon = h("div", { class: town.className }, span);
      map.getPane("pcs-labels").append(icon);
      const style = getComputedStyle(span);
      fonts[town.className] = [style.fontWeight + " " + style.fontSize + " " + style.fontFamily, 1.25 * parseFloat(style.fontSize)];
      icon.remove();
    }
    const [font, high] = fonts[town.className];
    pen.font = font;
    return [pen.measureText(town.marker.options.icon.options.html.textContent).width + 6, high];
  }
  function settle(map) {
    const own = state.get(map);
    spread(map, own);
    declutter(map, own);
  }

  function lsoaText(own, layer) {
    const p = layer.feature.properties, fill = own.view.fill || {};
    if (fill.texts) return textLines([p.name, ...(fill.texts[p.i] || [])]);
    const label = (fill.labels || [])[index(fill.letters, p.i)];
    return textLines([
      p.name,
      label && (fill.title + ": " + label),
      p["rank" + (fill.edition || "2025")] === null ? "Its rank is not loaded"
        : fill.edition === "2019" ? "Rank " + thousands(p.rank2019) + " of 32,844 in England (IMD 2019)"
        : "Rank " + thousands(p.rank2025) + " of 33,755 in England (IMD 2025)" + (p.parts ? ", mean of parts" : ""),
      fill.edition !== "2019" && p.parts ? "Split in 2021: " + p.parts : "",
    ]);
  }

  function paintArea(own) {
    const fill = own.view.fill || { palette: [] };
    own.lsoas.forEach((layer) => {
      const colour = fill.palette[index(fill.letters, layer.feature.properties.i)];
      const fillOpacity = colour ? fill.opacity : 0;
      // Where areas can be picked, the one that is picked has a thick border.
      const picked = fill.pick && layer.feature.properties.code === own.view.selected;
      const weight = picked ? 4 : fill.pick ? 0.8 : 0.4, color = picked ? "#d6006e" : "#6b7280";
      if (layer.options.fillColor !== colour || layer.options.fillOpacity !== fillOpacity || layer.options.weight !== weight) {
        layer.setStyle({ fillColor: colour, fillOpacity, weight, color });
      }
      if (picked) layer.bringToFront();
    });
  }

  function drawPoints(map, own, practices, area) {
    gather(own);
    Object.values(own.points).forEach((point) => { point.dot.remove(); if (point.ring) point.ring.remove(); });
    own.points = {};
    const here = new Set(area.practices);
    practices.forEach(([code, called, lat, lng, patients, postcode, town], i) => {
      if (!here.has(code) || lat === null) return;
      const dot = new (dotClass())([lat, lng], { pane: "pcs-points", renderer: own.dots, weight: 1.2, color: "#111827", fillOpacity: 0.95 });
      dot.bindTooltip(() => pointText(own, code), { opacity: 0.97, direction: "top" });
      dot.on("click", (event) => {
        L.DomEvent.stop(event);
        fanOut(map, own, code);
        if (own.options.onPick) own.options.onPick(code, own, event);
      });
      own.points[code] = { code, name: called, i, at: L.latLng(lat, lng), patients, postcode, town, dot };
    });
    // Small ones on top of large ones, so that each can be clicked.
    Object.values(own.points).sort((a, b) => b.patients - a.patients).forEach((p) => p.dot.addTo(map));
  }

  function pointText(own, code) {
    const p = own.points[code], view = own.view;
    const value = (view.values || [])[p.i];
    return textLines([
      p.name + " (" + code + ")",
      thousands(p.patients) + " patients",
      value === undefined ? "" : (view.valueTitle + ": " + (value === null ? "no figure" : thousands(value))),
      ((view.notes || {})[code]) || "",
      ...(own.options.lines ? own.options.lines(code) : []),
    ]);
  }

  function paintPoints(map, own) {
    const view = own.view, marks = view.marks || { palette: [], letters: "" };
    Object.values(own.points).forEach((p) => {
      const which = index(marks.letters, p.i), colour = marks.palette[which];
      const style = { fillColor: colour || "#ffffff", radius: radius(p.patients), dashArray: colour ? null : "2 2",
        word: (marks.labels || [])[which] || "" };
      if (["fillColor", "radius", "word"].some((key) => p.dot.options[key] !== style[key])) {
        p.dot.setRadius(style.radius); p.dot.setStyle(style);
      }
      const ringed = index(view.ring, p.i) > 0;
      if (ringed && !p.ring) {
        p.ring = L.circleMarker(p.dot.getLatLng(), { pane: "pcs-points", renderer: own.dots, interactive: false,
          fill: false, weight: 2, color: "#111827", dashArray: "3 3", radius: style.radius + 4 }).addTo(map);
      } else if (!ringed && p.ring) { p.ring.remove(); p.ring = null; }
    });
    spread(map, own);
  }

  const move = (p, at) => {
    if (p.dot.getLatLng().equals(at, 1e-9)) return; // each move redraws the canvas
    p.dot.setLatLng(at);
    if (p.ring) p.ring.setLatLng(at);
  };
  // Practices that share a building stand side by side, whatever the zoom.
  function spread(map, own) {
    const groups = {}, fanned = own.fan || {};
    Object.values(own.points).forEach((p) => (groups[p.at.lat + "," + p.at.lng] ||= []).push(p));
    Object.values(groups).filter((group) => group.length > 1).forEach((group) => {
      group.sort((a, b) => (a.code < b.code ? -1 : 1));
      const centre = map.latLngToLayerPoint(group[0].at);
      const reach = Math.max(...group.map((p) => p.dot.getRadius())) + 2;
      const spots = ring(group.length, reach);
      group.forEach((p, k) => { if (!fanned[p.code]) move(p, map.layerPointToLatLng(centre.add(spots[k]))); });
    });
    if (own.halo && own.view.selected && own.points[own.view.selected]) {
      own.halo.setLatLng(own.points[own.view.selected].dot.getLatLng());
    }
  }

  // A click on dots that hide one another moves them apart, each with a line to its place, until the
  // map is zoomed or clicked elsewhere.
  function fanOut(map, own, code) {
    if (own.fan && own.fan[code]) return;
    if (gather(own)) spread(map, own);
    const all = Object.values(own.points), spot = (p) => map.latLngToLayerPoint(p.dot.getLatLng());
    const dots = all.map((p) => { const at = spot(p); return [at.x, at.y, p.dot.getRadius()]; });
    const near = pile(dots, all.findIndex((p) => p.code === code));
    if (near.length < 2) return;
    const spots = fan(near.map((i) => dots[i]));
    own.fan = {};
    own.threads = L.layerGroup().addTo(map);
    near.forEach((i, k) => {
      const p = all[i], from = p.dot.getLatLng(), to = map.layerPointToLatLng(spots[k]);
      own.fan[p.code] = from;
      own.threads.addLayer(L.polyline([from, to], { pane: "pcs-points", renderer: own.dots, interactive: false, color: "#111827", weight: 1.2 }));
      move(p, to);
    });
    near.forEach((i) => all[i].dot.bringToFront());
    settle(map);
  }
  // Fanned dots go back to their places; whether there were any.
  function gather(own) {
    if (!own.fan) return false;
    Object.entries(own.fan).forEach(([code, from]) => { if (own.points[code]) move(own.points[code], from); });
    own.threads.remove();
    own.fan = own.threads = null;
    return true;
  }

  // Marks a practice at once; `fly` moves the map when the practice is out of sight.
  function select(map, own, code, goThere) {
    own.view.selected = code;
    if (own.halo) own.halo.remove();
    own.halo = null;
    const p = code && own.points[code];
    if (!p) return;
    const at = p.dot.getLatLng();
    own.halo = L.circleMarker(at, { pane: "pcs-points", renderer: own.dots, interactive: false,
      fill: false, weight: 4, color: "#d6006e", radius: p.dot.getRadius() + 5 }).addTo(map);
    if (own.found || own.returning) return; // the search box has moved the map, or moves it back
    if (goThere || !map.getBounds().contains(at)) map.panTo(at, { animate: !still() });
  }

  // --- the search box: going to a find and back ---

  function fly(map, hit) {
    const own = state.get(map);
    if (!own || !map.getSize().x || !map.getSize().y) return;
    if (own.options.finds && !own.options.finds()) { leave(map); return; }
    const before = own.found;
    if (before && before.unmarked === hit.n) return;
    own.found = before || { centre: map.getCenter(), zoom: map.getZoom(), marks: L.layerGroup().addTo(map) };
    const again = before && before.n === hit.n && before.area === own.view.area.url;
    own.found.n = hit.n;
    // A second find takes the first one's place, also where no map can go to it.
    if (hit.latitude === null) { own.found.marks.clearLayers(); return; }
    markFind(map, own, hit);
    own.found.area = (own.view.area || {}).url;
    if (again) return; // drawn afresh: the map stands where it should, or where the user moved it
    const bounds = own.found.bounds, animate = !still();
    own.reach = bounds;
    moves.limit(map, own);
    if (bounds.getNorthEast().equals(bounds.getSouthWest())) map.flyTo(bounds.getCenter(), hit.zoom, { animate, duration: 0.7 });
    else map.flyToBounds(bounds.pad(0.15), { animate, duration: 0.7, maxZoom: 15 });
  }
  function markFind(map, own, hit) {
    const marks = own.found.marks.clearLayers();
    if (!map.getPane("pcs-found")) {
      map.createPane("pcs-found").style.cssText += "z-index:460;pointer-events:none";
      own.foundCanvas = L.canvas({ pane: "pcs-found", padding: 0.3 });
    }
    const line = { pane: "pcs-found", renderer: own.foundCanvas, interactive: false, fill: false, color: "#d6006e", weight: 4 };
    const encircle = (at, reach) => {
      marks.addLayer(L.circleMarker(at, { ...line, color: "#ffffff", weight: 8, radius: reach })).addLayer(L.circleMarker(at, { ...line, radius: reach }));
    };
    const land = hit.kind === "lsoa" && own.lsoas.find((layer) => layer.feature.properties.code === hit.key);
    const members = ["practice", "hub", "pcn"].includes(hit.kind) ? hit.codes : [];
    const places = members.map((code) => own.points[code] ? [own.points[code].dot.getLatLng(), own.points[code].dot.getRadius() + 5]
      : hit.places && hit.places[code] ? [L.latLng(hit.places[code]), 10] : null).filter(Boolean);
    const middle = L.latLng(hit.latitude, hit.longitude);
    if (land) {
      marks.addLayer(L.geoJson(land.feature, { ...line, style: { ...line, color: "#ffffff", weight: 8 } })).addLayer(L.geoJson(land.feature, { ...line, style: line }));
      own.found.bounds = land.getBounds();
    } else if (places.length) {
      places.forEach(([at, reach]) => encircle(at, reach));
      own.found.bounds = L.latLngBounds(places.map(([at]) => at));
    } else {
      const around = hit.kind === "area" || hit.note ? Object.values(hit.places || {}) : [];
      if (hit.kind !== "area") encircle(middle, 12);
      own.found.bounds = around.length > 1 ? L.latLngBounds(around) : L.latLngBounds([middle, middle]);
    }
    const above = land || places.length > 1 ? L.latLng(own.found.bounds.getNorth(), own.found.bounds.getCenter().lng) : middle;
    if (hit.kind !== "area") {
      marks.addLayer(L.tooltip({ permanent: true, direction: "top", offset: [0, -12], className: "pcs-found-name", interactive: false })
        .setLatLng(above).setContent(textLines([hit.name])));
    }
  }
  // Something else is pointed at; Escape still goes back to where the map was.
  function unmark(map) {
    const own = state.get(map);
    if (own.found) { own.found.marks.clearLayers(); own.found.unmarked = own.found.n; }
  }
  function leave(map) {
    const own = state.get(map), left = own && own.found;
    if (!left) return null;
    left.marks.remove();
    own.found = null;
    return left;
  }
  function back(map) {
    const left = leave(map), own = state.get(map);
    if (!left) return;
    const animate = !still() && map.getSize().x > 0;
    // The answer of the server, with the choice of before, comes while the map is still on its way.
    own.returning = true;
    map.once("moveend", () => { if (!own.found) { own.reach = null; moves.limit(map, own); } });
    if (animate) map.flyTo(left.centre, left.zoom, { duration: 0.5 }); else map.setView(left.centre, left.zoom, { animate: false });
    setTimeout(() => { own.returning = false; }, 1500);
  }
  function stay(map) {
    if (leave(map)) moves.remember(map, state.get(map));
  }
  function maps() {
    mounted.forEach((held) => { if (!held.deref()) mounted.delete(held); });
    return [...mounted].map((held) => held.deref()).filter((map) => map.getContainer().isConnected);
  }

  // What a map's boundaries are, in its corner; too near, where they mislead, they are not shown.
  const GENERALISED = "Generalised boundaries";
  function tooNear(map, own) {
    map.getContainer().classList.toggle("pcs-too-near", Boolean(own.nearest) && map.getZoom() > own.nearest);
  }
  function sayGeneralised(map, own) {
    if (!map.attributionControl) return;
    map.attributionControl.removeAttribution(GENERALISED);
    if (own.nearest) map.attributionControl.addAttribution(GENERALISED);
  }

  function tiles(map, own) {
    if (own.view.tiles && !own.tileLayer) {
      own.tileLayer = L.tileLayer("https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        { attribution: "© OpenStreetMap contributors", maxZoom: 19, zIndex: 1 }).addTo(map);
    } else if (!own.view.tiles && own.tileLayer) { own.tileLayer.remove(); own.tileLayer = null; }
  }

  function paint(map, changes) {
    const own = state.get(map);
    Object.assign(own.view, changes);
    if (changes.fill !== undefined) paintArea(own);
    if (changes.marks !== undefined) paintPoints(map, own);
  }

  window.PCSMap = {
    mount, update, paint, settle, darkOn, fly, back, stay, leave, unmark, maps, load: fetchJSON, state: (map) => state.get(map),
    fit: (map) => moves.fit(map, state.get(map), false), forget: (map) => moves.forget(state.get(map)),
    quietly: (map, act) => moves.quietly(state.get(map), act), select: (map, code) => select(map, state.get(map), code, true),
  };
})();
