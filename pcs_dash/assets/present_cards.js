// The card of a place on a slide, from what the slides hold: nothing is asked of the server, so it
// is there when the server is not, and it follows the slide's switches, not the page's.
//
//   PCSPresentCards.of(hit, slide, cards, layer, points)  {rows, remark} of what was found
//
// `cards`: code to [name, line, rows, remark, [patients, patients in the ratio, FTE GPs]]; `layer`
// and `points` are the files of the slide's map.
(function () {
  "use strict";
  const NEAREST = 3, NONE = "no figure";
  const whole = (value) => Math.round(value).toLocaleString("en-GB");
  const tenths = (value) => value.toLocaleString("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const signed = (text, value) => (value < 0 ? "−" + text.replace(/^[-−]/, "") : "+" + text);

  function of(hit, slide, cards, layer, points) {
    if (["practice", "hub", "pcn", "area"].includes(hit.kind)) return group(hit, slide, cards, layer);
    const land = hit.kind === "lsoa" ? layer.lsoas.features.find((feature) => feature.properties.code === hit.key) : null;
    const inside = hit.kind === "lsoa" ? land : holds(layer, hit.longitude, hit.latitude);
    const near = nearest(hit, cards, points);
    return {
      rows: [...(land ? ranks(land.properties, slide.lsoas) : []), ...(near.length ? [["Nearest practices in a straight line; patients per FTE GP:", ""], ...near] : [])],
      remark: inside ? "" : "Outside " + slide.area + ", the area shown.",
    };
  }

  // Sums over sums, as everywhere.
  function group(hit, slide, cards, layer) {
    const found = hit.codes.filter((code) => cards[code]).map((code) => cards[code]), own = found.map((card) => card[4]);
    const here = hit.codes.filter((code) => layer.practices.includes(code)).length, out = here - own.length;
    const remark = [here === hit.codes.length ? "" : (here ? "Partly outside " : "Outside ") + slide.area + ", the area shown: figures of what is inside.",
      out > 0 ? out + " left out, as the switches say." : ""].filter(Boolean).join(" ");
    if (!own.length) return { rows: [], remark: remark.replace(": figures of what is inside", "") };
    const sum = (which) => own.reduce((total, figures) => total + (figures[which] || 0), 0);
    const [patients, counted, fte] = [sum(0), sum(1), sum(2)], [label, benchmark] = slide.benchmark;
    const ratio = fte > 0 ? counted / fte : null, gap = counted / benchmark - fte, share = ratio === null ? 0 : Math.round(100 * (ratio / benchmark - 1));
    // The measures are called what they are called on the practices' cards.
    const [perGP, , listed, gps, toAdd] = found[0][2].map(([name]) => name);
    return {
      rows: [[perGP, ratio === null ? NONE : whole(ratio)], ["Against " + label, ratio === null ? NONE : signed(Math.abs(share) + "%", share)],
        ["Practices", whole(own.length)], [listed, whole(patients)], [gps, counted ? tenths(fte) : NONE],
        [toAdd, counted ? signed(tenths(Math.abs(gap)), gap) : NONE]],
      remark,
    };
  }

  // `lsoas`: how many England has, by edition.
  function ranks(land, lsoas) {
    return Object.keys(lsoas).sort().reverse().flatMap((edition) => {
      const rank = land["rank" + edition], all = lsoas[edition];
      if (rank === null || rank === undefined) return [["IMD " + edition, NONE]];
      const fifth = Math.min(5, Math.ceil(5 * rank / all));
      return [["IMD " + edition + " quintile (1: most)", String(fifth)], ["Its rank of " + whole(all), whole(rank)]];
    });
  }

  function nearest(hit, cards, points) {
    const east = Math.cos(hit.latitude * Math.PI / 180);
    const away = ([, , latitude, longitude]) => 111.2 * Math.hypot(latitude - hit.latitude, (longitude - hit.longitude) * east);
    return points.filter(([code, , latitude]) => cards[code] && latitude !== null).map((point) => [away(point), point])
      .sort((a, b) => a[0] - b[0]).slice(0, NEAREST).map(([km, [code, name]]) => [name + " (" + code + "), " + tenths(km) + " km", cards[code][2][0][1]]);
  }

  // Whether a point lies in one of the small areas drawn (even-odd rule over every ring).
  function holds(layer, x, y) {
    return layer.lsoas.features.some(({ geometry }) => {
      const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
      let inside = false;
      rings.forEach((ring) => {
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const [ax, ay] = ring[i], [bx, by] = ring[j];
          if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) inside = !inside;
        }
      });
      return inside;
    });
  }

  window.PCSPresentCards = { of };
})();
