// Two plans side by side on two maps that pan and zoom together. To look at, not to paint.
(function () {
  "use strict";
  const { h, put } = window.PCSDom;

  function pane(root) {
    const title = h("b"), box = h("div", { class: "pcs-hubs-map pcs-pair-map" });
    root.append(h("div", {}, title, box));
    const map = L.map(box, { center: [51.75, 0.55], zoom: 9 });
    const one = { title, map, plan: null, order: [] };
    window.PCSMap.mount(map, { lines: (code) => {
      const hub = one.plan.hubs[one.plan.groups[one.order.indexOf(code)]];
      return [hub ? "Hub: " + hub.name : "In no hub", one.moved.has(code) ? "Moves between the two plans" : ""];
    } });
    new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(box);
    return one;
  }

  function show(root, data) {
    if (!root.pcsPair) {
      root.replaceChildren();
      const maps = [pane(root), pane(root)];
      let leading = null;
      maps.forEach((one, i) => one.map.on("move", () => {
        if (leading !== null && leading !== i) return;
        leading = i;
        const other = maps[1 - i].map;
        other.setView(one.map.getCenter(), one.map.getZoom(), { animate: false });
        leading = null;
      }));
      root.pcsPair = maps;
    }
    window.PCSMap.load(data.view.points.url).then((points) => {
      root.pcsPair.forEach((one, i) => {
        const plan = data.plans[i];
        Object.assign(one, { plan, order: points.map(([code]) => code), moved: new Set(data.moved) });
        put(one.title, plan.name);
        const ring = points.map(([code]) => (one.moved.has(code) ? "1" : "0")).join("");
        one.map.invalidateSize({ animate: false });
        window.PCSMap.update(one.map, { ...data.view, key: "pair", ring, marks: {
          letters: plan.groups, palette: plan.hubs.map((hub) => hub.colour), labels: plan.hubs.map((hub, n) => String(n + 1)) } });
      });
    });
  }
  window.PCSPair = { show };
})();
