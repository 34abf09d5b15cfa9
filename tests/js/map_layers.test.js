// What a map draws: colours, dots, room for names, and the zoom at which an area fills its frame.
const assert = require("node:assert/strict");
const test = require("node:test");
require("../../pcs_dash/assets/map_layers.js");

const { index, darkOn, radius, ring, pile, fan, nameAt, fitZoom, inside } = globalThis.PCSLayers;

test("a letter is a colour's number, and nothing is none", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9].map((i) => index("0az-A", i)), [0, 10, 35, -1, 10, -1]);
  assert.deepEqual([0, 1, 2, 3].map((i) => index([40, -1, 0], i)), [40, -1, 0, -1]);
  assert.equal(index("", 0), -1);
  assert.equal(index(undefined, 0), -1);
});

test("the text on a colour is the one with more contrast", () => {
  const light = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  for (let grey = 0; grey < 256; grey += 1) {
    const luminance = light(grey / 255), hex = grey.toString(16).padStart(2, "0");
    const black = (luminance + 0.05) / 0.05, white = 1.05 / (luminance + 0.05);
    if (Math.abs(black - white) > 0.1) assert.equal(darkOn("#" + hex.repeat(3)), black > white, hex);
  }
  assert.equal(darkOn("#ffff00"), true);
  assert.equal(darkOn("#0000ff"), false);
});

test("a dot's area follows the list, between bounds", () => {
  assert.ok(Math.abs(radius(8100) ** 2 / radius(4050) ** 2 - 2) < 1e-9);
  assert.equal(radius(0), 4);
  assert.equal(radius(1e6), 15);
});

test("dots of one building lie apart, around their place", () => {
  for (const count of [2, 3, 4, 5, 7]) {
    const reach = 12, spots = ring(count, reach);
    assert.equal(spots.length, count);
    const [x, y] = [0, 1].map((part) => spots.reduce((sum, spot) => sum + spot[part], 0));
    assert.ok(Math.hypot(x, y) < 1e-9);
    const gaps = spots.map((spot, i) => spots.map((other, j) => (i === j ? Infinity : Math.hypot(spot[0] - other[0], spot[1] - other[1]))));
    // None hides the middle of another.
    assert.ok(Math.min(...gaps.flat()) > reach, String(count));
  }
});

const town = { x: 100, y: 100 }, name = [60, 20], frame = [400, 400];

test("a name stands on its place, else near by, else nowhere", () => {
  const free = nameAt(town, name, [], [], false, frame);
  assert.deepEqual([free.x, free.y, free.box], [0, 0, [70, 90, 130, 110]]);
  const beside = nameAt(town, name, [free.box], [], false, frame);
  assert.ok(beside.box[3] < 90 || beside.box[1] > 110 || beside.box[2] < 70 || beside.box[0] > 130);
  assert.equal(nameAt(town, name, [[0, 0, 300, 300]], [], true, frame), null);
});

test("large dots are not covered, but by a name that has to stand", () => {
  const dots = [[0, 0, 300, 300]];
  assert.equal(nameAt(town, name, [], dots, false, frame), null);
  assert.deepEqual(nameAt(town, name, [], dots, true, frame).covered, 1);
  const one = nameAt(town, name, [], [[90, 90, 110, 110]], true, frame);
  assert.ok(one.box[3] < 90 || one.box[1] > 110 || one.box[2] < 90 || one.box[0] > 110);
});

test("a name is whole in its frame or not there", () => {
  for (const always of [true, false]) {
    for (let x = -40; x <= 440; x += 8) {
      for (let y = -40; y <= 440; y += 8) {
        const found = nameAt({ x, y }, name, [], [], always, frame);
        const middle = x >= 32 && x <= 368 && y >= 12 && y <= 388;
        if (middle) assert.deepEqual([found.x, found.y], [0, 0]);
        if (found) assert.ok(found.box[0] >= 2 && found.box[1] >= 2 && found.box[2] <= 398 && found.box[3] <= 398);
      }
    }
  }
});

test("a pile is the dots that touch one, and its fan hides none", () => {
  const dots = [[100, 100, 15], [110, 104, 8], [96, 90, 12], [108, 96, 4], [100, 128, 15], [100, 131, 15], [300, 300, 15]];
  assert.deepEqual(pile(dots, 0), [0, 1, 2, 3]);
  assert.deepEqual(pile(dots, 4), [4, 5]);
  assert.deepEqual(pile(dots, 6), [6]);
  for (let count = 2; count <= 14; count += 1) {
    const own = Array.from({ length: count }, (_, i) => [50 + 3 * Math.cos(7 * i), 60 + 2 * Math.sin(5 * i), 4 + (i * 11) % 12]);
    const spots = fan(own);
    spots.forEach((one, i) => spots.forEach((other, j) => {
      if (i !== j) assert.ok(Math.hypot(one[0] - other[0], one[1] - other[1]) >= own[i][2] + own[j][2], [count, i, j].join());
    }));
  }
});

test("an area fills at least 85% of one dimension of any frame, and is whole", () => {
  const [margin, step] = [8, 0.125];
  for (let wide = 280; wide <= 1900; wide += 7) {
    for (const [high, span] of [[380, [0.7, 0.4]], [520, [0.2, 0.9]], [600, [0.31, 0.3]], [280, [3.3, 0.02]]]) {
      const zoom = fitZoom(span, [wide, high], margin, step), scale = 2 ** zoom;
      assert.equal(zoom % step, 0);
      const share = [span[0] * scale / wide, span[1] * scale / high];
      assert.ok(span[0] * scale <= wide - 2 * margin + 1e-6 && span[1] * scale <= high - 2 * margin + 1e-6);
      assert.ok(Math.max(...share) >= 0.85, [wide, high, span, share].join(" "));
    }
  }
  assert.ok(Number.isFinite(fitZoom([1, 1], [0, 0], margin, step)));
});

test("a point off an area comes back to its edge, one on it stays", () => {
  const box = [[51.4, 0.2], [51.6, 0.6]];
  assert.deepEqual(inside([51.5, 0.3], box), [51.5, 0.3]);
  assert.deepEqual(inside([55, -3], box), [51.6, 0.2]);
});
