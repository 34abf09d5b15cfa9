// What a map draws, as plain arithmetic: no page and no Leaflet, so that it is tested by itself.
//
//   PCSLayers.index(letters, i)        which colour LSOA or practice number i has, -1 for none
//   PCSLayers.darkOn(colour)           whether dark text reads better than white on "#rrggbb"
//   PCSLayers.radius(patients)         of a practice's dot, in pixels
//   PCSLayers.ring(count, reach)       [dx, dy] of dots that share a building, side by side
//   PCSLayers.nameAt(at, size, taken, dots, always)  where a town's name has room, or null
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

  // Boxes are [left, top, right, bottom].
  const apart = (a, b) => a[2] < b[0] || a[0] > b[2] || a[3] < b[1] || a[1] > b[3];
  // Where a name covers no other name and no large dot; a name that stands `always` covers least.
  const ASIDE = [0, -16, 16, -26, 26, -38, 38];
  function nameAt(at, [wide, high], taken, dots, always) {
    const beside = wide / 2 + 10;
    const tried = [...ASIDE.map((down) => [0, down]), ...[0, -14, 14].flatMap((down) => [[beside, down], [-beside, down]])];
    let best = null;
    for (const [x, y] of tried) {
      const box = [at.x + x - wide / 2, at.y + y - high / 2, at.x + x + wide / 2, at.y + y + high / 2];
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

  globalThis.PCSLayers = { index, darkOn, radius, ring, nameAt, fitZoom, inside };
})();
