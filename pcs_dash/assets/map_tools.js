// Pointing at a place and drawing a shape with Leaflet.draw, on a map whose page asks for it
// (view.tools). view.shapes are shown: what was drawn, and what else has such a place, each a list
// of [latitude, longitude]; one is a point.
//
//   PCSTools.show(map, own)   `own` is the map's state in pcs_map.js; own.options.onDraw hears the corners
(function () {
  "use strict";
  const LOOK = { color: "#d6006e", weight: 3, fillOpacity: 0.12, interactive: false };
  const TOOLS = [
    ["Point", "Point at where homes come, or where a practice opens", () => L.Draw.CircleMarker, { ...LOOK, radius: 8, repeatMode: false }],
    ["Shape", "Draw around where homes come, corner by corner; a double click ends it, Escape gives it up", () => L.Draw.Polygon,
      { shapeOptions: LOOK, allowIntersection: true, showArea: false, showLength: false, repeatMode: false }],
  ];
  const round = (value) => Math.round(value * 1e4) / 1e4;

  function show(map, own) {
    if (!own.view.tools) return;
    if (!own.tools) { own.tools = control(map, own); map.addControl(own.tools); }
    if (own.shapes) own.shapes.remove();
    own.shapes = L.layerGroup((own.view.shapes || []).map((corners) => corners.length > 1
      ? L.polygon(corners, LOOK) : L.circleMarker(corners[0], { ...LOOK, radius: 8 }))).addTo(map);
  }

  function control(map, own) {
    const found = new L.Control({ position: "topleft" });
    found.onAdd = () => {
      const box = window.PCSDom.h("div", { class: "pcs-tools", role: "group", "aria-label": "Draw on the map" }, TOOLS.map(([label, title, Tool, look]) =>
        window.PCSDom.h("button", { type: "button", class: "pcs-whole leaflet-bar", title, "aria-pressed": "false", onclick: (event) =>
          begin(map, own, event.currentTarget, () => new (Tool())(map, look)) }, label)));
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    return found;
  }

  function begin(map, own, button, make) {
    const again = button.getAttribute("aria-pressed") === "true";
    if (own.drawing) own.drawing.disable();
    if (again) return;
    const drawing = (own.drawing = make());
    // To the page alone: st_folium listens to Leaflet.draw's own event, and would answer late.
    drawing._fireCreatedEvent = () => told(own, drawing._poly ? drawing._poly.getLatLngs().flat() : [drawing._marker.getLatLng()]);
    drawing.once("disabled", () => { press(button, false); own.drawing = null; });
    drawing.enable();
    press(button, true);
  }
  function press(button, on) {
    button.setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("pcs-drawing", on);
  }

  const told = (own, corners) => own.options.onDraw(corners.map((at) => [round(at.lat), round(at.lng)]));

  window.PCSTools = { show };
})();
