// What a map draws, as plain arithmetic: no page and no Leaflet, so that it is tested by itself.
//
//   PCSLayers.index(letters, i)        which colour LSOA or practice number i has, -1 for none
//   PCSLayers.darkOn(colour)           whether dark text reads better than white on "#rrggbb"
//   PCSLayers.radius(patients)         of a practice's dot, in pixels
//   PCSLayers.ring(count, reach)       [dx, dy] of dots that share a building, side by side
//   PCSLayers.pile(dots, k)            numbers of the dots [x, y, radius] that touch dot k, with k itself
//   PCSLayers.fan(dots)                [x, y] of those dots side by side around their middle
//   PCSLayers.nameAt(at, size, taken, dots, always, frame)  where a town's name has room in a frame
//                                      of that width and height, or null
//   PCSLayers.fitZoom(span, size, padding, step)     the closest zoom at which a box is whole
//   PCSLayers.inside(point, corners)   the point of a box that is nearest to a point
(function () {
  "use strict";
  const MISSING = "-";

  // One letter each, "0"-"9a-z"; where 36 are too few, numbers (-1 for nothing).
  function index(letters, i) {
    if (Array.isArray(letters)) return letters[i] === undefined ? -1 : letters[i];
    const letter = letters && letters[i];
    return letter === undefined || letter === "" || letter === MISSING ? -1 : parseInt(letter, 36);
  }

  // WCAG relative luminance.
  function darkOn(colour) {
    const part = (at) => {
      const share = parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.179;
  }

  const radius = (patients) => Math.max(4, Math.min(15, Math.sqrt(patients) / 9));

  function ring(count, reach) {
    const distance = count === 2 ? reach : reach * 1.25;
    return Array.from({ length: count }, (_, k) => {
      const angle = 2 * Math.PI * k / count;
      return [distance * Math.cos(angle), distance * Math.sin(angle)];
    });
  }

  // Dots that touch by a few pixels only can each be clicked.
  const TOUCH = 3;
  function pile(dots, k) {
    const [x, y, r] = dots[k];
    return dots.flatMap(([left, top, wide], i) => (i === k || Math.hypot(left - x, top - y) < r + wide - TOUCH ? [i] : []));
  }
  // In the order of where they are, so that their lines do not cross.
  function fan(dots) {
    const middle = [0, 1].map((part) => dots.reduce((sum, dot) => sum + dot[part], 0) / dots.length);
    const widest = Math.max(...dots.map((dot) => dot[2])), reach = Math.max(dots.length * (widest + 2) / Math.PI, 2 * widest);
    const angle = dots.map(([x, y]) => Math.atan2(y - middle[1], x - middle[0]));
    const order = dots.map((_, i) => i).sort((a, b) => angle[a] - angle[b] || a - b), spots = [];
    order.forEach((i, place) => {
      const at = angle[order[0]] + 2 * Math.PI * place / dots.length;
      spots[i] = [middle[0] + reach * Math.cos(at), middle[1] + reach * Math.sin(at)];
    });
    return spots;
  }

  // Boxes are [left, top, right, bottom].
  const apart = (a, b) => a[2] < b[0] || a[0] > b[2] || a[3] < b[1] || a[1] > b[3];
  // Where a name is whole and covers no other name and no large dot; one that stands `always` covers
  // least.
  const ASIDE = [0, -16, 16, -26, 26, -38, 38];
  function nameAt(at, [wide, high], taken, dots, always, [across, down]) {
    const beside = wide / 2 + 10;
    const tried = [...ASIDE.map((lower) => [0, lower]), ...[0, -14, 14].flatMap((lower) => [[beside, lower], [-beside, lower]])];
    let best = null;
    for (const [x, y] of tried) {
      const box = [at.x + x - wide / 2, at.y + y - high / 2, at.x + x + wide / 2, at.y + y + high / 2];
      if (box[0] < 2 || box[1] < 2 || box[2] > across - 2 || box[3] > down - 2) continue;
      if (!taken.every((other) => apart(box, other))) continue;
      const covered = dots.filter((dot) => !apart(box, dot)).length;
      if (!covered) return { x, y, box };
      if (always && (!best || covered < best.covered)) best = { x, y, box, covered };
    }
    return best;
  }

  // `span`: width and height of the box in pixels at zoom 0; each zoom doubles them.
  function fitZoom(span, size, padding, step) {
    const room = Math.min(...span.map((length, i) => Math.max(1, size[i] - 2 * padding) / length));
    return Math.floor(Math.log2(room) / step + 1e-9) * step;
  }

  const between = (value, low, high) => Math.min(Math.max(value, low), high);
  const inside = ([lat, lng], [[south, west], [north, east]]) => [between(lat, south, north), between(lng, west, east)];

  globalThis.PCSLayers = { index, darkOn, radius, ring, pile, fan, nameAt, fitZoom, inside };
})();
