// What a slide shows besides maps: charts, tables and lists, in type for the back of a room.
//
//   PCSPresentDraw.draw(picture, holder, options)    a chart, table or list that fits the holder
(function () {
  "use strict";
  const { h: el, svg } = globalThis.PCSDom;
  const INK = "#111827", QUIET = "#374151", GRID = "#c3c9d0";
  const FONT = '"Source Sans", "Segoe UI", system-ui, Arial, sans-serif';

  // --- words ---

  const pen = el("canvas").getContext("2d");
  function width(words, size, bold) { pen.font = (bold ? "700 " : "") + size + "px " + FONT; return pen.measureText(words).width; }
  function shorten(words, size, limit) {
    if (width(words, size) <= limit) return words;
    let kept = words.length;
    while (kept > 1 && width(words.slice(0, kept).trimEnd() + "…", size) > limit) kept -= 1;
    return words.slice(0, kept).trimEnd() + "…";
  }
  // A name on one line, or on two where one is too short for it and there is room for both.
  function lines(words, size, limit, most) {
    const parts = words.split(/ (?![^(]*\))/);
    let kept = parts.length;
    while (kept > 1 && width(parts.slice(0, kept).join(" "), size) > limit) kept -= 1;
    const whole = most < 2 || kept === parts.length;
    return (whole ? [words] : [parts.slice(0, kept).join(" "), parts.slice(kept).join(" ")]).map((line) => shorten(line, size, limit));
  }
  function text(x, y, size, words, more) {
    return svg("text", { x, y, "font-size": size, fill: INK, "font-family": FONT, ...more }, words);
  }
  function numbers(pattern) {
    const bare = pattern.replace(/["%]/g, ""), decimals = (bare.split(".")[1] || "").length, tail = pattern.includes("%") ? "%" : "";
    return (value) => value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replace("-", "−") + tail;
  }
  // About `count` round numbers from low to high.
  function ticks(low, high, count) {
    const rough = (high - low) / count || 1, power = Math.pow(10, Math.floor(Math.log10(rough)));
    const unit = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough - 1e-12);
    const found = [];
    for (let at = Math.ceil(low / unit - 1e-9) * unit; at <= high + unit * 1e-6; at += unit) found.push(Math.abs(at) < unit * 1e-9 ? 0 : at);
    return found;
  }
  const finite = (values) => values.filter((value) => value !== null && Number.isFinite(value));

  // --- charts ---

  function chart(spec, wide, high, size, onMark) {
    const root = svg("svg", { viewBox: "0 0 " + wide + " " + high, width: wide, height: high, role: "img", "aria-label": spec.alt });
    const top = head(root, spec, wide, size);
    if (spec.kind === "scatter") scatter(root, spec, wide, high, top, size, onMark);
    else bars(root, spec, wide, high, top, size, onMark);
    return root;
  }
  // Title and, where there are several rows of marks, what each colour is; returns where it ends.
  function head(root, spec, wide, size) {
    const title = lines(spec.title, size * 1.06, wide, 2), more = size * 1.2 * (title.length - 1);
    title.forEach((line, i) => root.append(text(0, size * (1 + 1.2 * i), size, line, { "font-weight": 700 })));
    if (spec.series.length < 2) return size * 1.6 + more;
    let x = 0, y = size * 2.4 + more;
    // Several lines of one name are parts of one.
    spec.series.filter((series, place) => spec.series.findIndex((other) => other.name === series.name) === place).forEach((series) => {
      const length = size * 1.5 + width(series.name, size) + size;
      if (x && x + length > wide) { x = 0; y += size * 1.35; }
      root.append(series.line
        ? svg("line", { x1: x, x2: x + size, y1: y - size * 0.35, y2: y - size * 0.35, stroke: series.colour, "stroke-width": 5, "stroke-dasharray": series.dash ? "6 4" : null })
        : svg("rect", { x, y: y - size * 0.8, width: size, height: size * 0.9, fill: series.colour, stroke: QUIET }));
      root.append(text(x + size * 1.35, y, size, series.name));
      x += length;
    });
    return y + size * 0.7;
  }

  // The name beside a bar, on as many lines as the row has room for.
  function rowName(name, small, end, middle, most) {
    const named = lines(name, small, end, most);
    return named.map((line, i) => {
      const label = text(end, middle + small * (0.35 + 1.1 * (i - (named.length - 1) / 2)), small, line, { "text-anchor": "end" });
      label.append(svg("title", {}, name));
      return label;
    });
  }

  function bars(root, spec, wide, high, top, size, onMark) {
    const show = numbers(spec.number_format), rows = spec.categories.length || 1;
    const stacked = spec.kind === "shares", bare = spec.kind === "bars";
    const foot = size * (bare ? 1.5 : 2.9), above = spec.reference !== null && spec.reference_label ? size * 1.3 : 0;
    const step = (high - top - above - foot) / rows, small = Math.max(13, Math.min(size, step * 0.82));
    const left = Math.min(wide * 0.42, Math.max(...spec.categories.map((name) => width(name, small)), 0)) + 12;
    const all = finite(spec.series.flatMap((series) => [...series.values, ...series.low, ...series.high]));
    let low = Math.min(0, ...all), highest = Math.max(0, ...all, spec.reference || 0);
    if (stacked) { low = 0; highest = 100; }
    if (spec.bounds) [low, highest] = spec.bounds;
    const right = bare ? width(show(highest), small, true) + 14 : Math.max(size, width(show(highest), size * 0.9) / 2 + 2);
    const room = wide - left - right - (bare && low < 0 ? right : 0), begin = left + (bare && low < 0 ? right : 0);
    const x = (value) => begin + (value - low) / (highest - low || 1) * room;
    const bottom = top + above + step * rows;
    // As many ticks as their words leave room for.
    const label = Math.max(width(show(low), size), width(show(highest), size)) + size;
    if (!bare) ticks(low, highest, Math.max(2, Math.min(6, Math.floor(room / label)))).forEach((value) => {
      root.append(svg("line", { x1: x(value), x2: x(value), y1: top + above, y2: bottom, stroke: GRID }));
      root.append(text(x(value), bottom + size * 1.1, size * 0.9, show(value), { "text-anchor": "middle" }));
    });
    const thick = step * (stacked || spec.series.length === 1 ? 0.74 : 0.82 / spec.series.length);
    const figures = []; // over the line of the benchmark, which would strike them through
    spec.categories.forEach((name, row) => {
      const middle = top + above + step * (row + 0.5);
      root.append(...rowName(name, small, left - 12, middle, Math.floor(step / (small * 1.1))));
      let start = 0;
      spec.series.forEach((series, number) => {
        const value = series.values[row];
        if (value === null) { if (!stacked) root.append(text(x(0) + 6, middle + small * 0.35, small, "no figure")); return; }
        const y = stacked || spec.series.length === 1 ? middle - thick / 2 : middle - step * 0.41 + number * thick;
        const from = stacked ? start : Math.max(low, Math.min(0, value)), to = stacked ? start + value : Math.max(0, value);
        const bar = svg("rect", { x: x(from), y, width: Math.max(1, x(to) - x(from)), height: Math.max(2, thick), fill: series.colours[row] || series.colour, stroke: QUIET, "stroke-width": 1 });
        if (series.codes[row]) mark(bar, series.codes[row], name, onMark);
        root.append(bar);
        const colour = series.colours[row] || series.colour;
        if (stacked) {
          start += value;
          if (width(Math.round(value) + "%", small) + 8 < x(to) - x(from)) root.append(text((x(from) + x(to)) / 2, middle + small * 0.35, small, Math.round(value) + "%", { "text-anchor": "middle", fill: window.PCSMap.darkOn(colour) ? INK : "#ffffff" }));
        } else if (bare) {
          const side = value < 0, own = Math.min(small, thick * 1.1);
          figures.push(text(side ? x(value) - 6 : x(to) + 6, y + thick / 2 + own * 0.35, own, show(value), { "font-weight": 700, "text-anchor": side ? "end" : "start", stroke: "#ffffff", "stroke-width": 6, "paint-order": "stroke" }));
        }
        if (series.low.length && series.low[row] !== null && series.high[row] !== null) {
          const [a, b] = [x(series.low[row]), x(series.high[row])], arm = Math.min(thick * 0.35, 12);
          root.append(svg("path", { d: "M" + a + " " + middle + "H" + b + "M" + a + " " + (middle - arm) + "v" + 2 * arm + "M" + b + " " + (middle - arm) + "v" + 2 * arm, stroke: INK, "stroke-width": 3.5, fill: "none" }));
        }
      });
    });
    root.append(svg("line", { x1: x(0), x2: x(0), y1: top + above, y2: bottom, stroke: QUIET, "stroke-width": 1.5 }));
    if (spec.reference !== null) {
      root.append(svg("line", { x1: x(spec.reference), x2: x(spec.reference), y1: top + above - 4, y2: bottom, stroke: INK, "stroke-width": 3, "stroke-dasharray": "10 6" }));
      if (above) {
        const words = bare ? spec.reference_label + " " + show(spec.reference) : spec.reference_label, half = width(words, size) / 2;
        root.append(text(Math.max(half, Math.min(wide - half, x(spec.reference))), top + size * 0.9, size, words, { "text-anchor": "middle" }));
      }
    }
    root.append(...figures, text(wide / 2, high - size * 0.3, size, shorten(spec.value_title, size, wide), { "text-anchor": "middle" }));
  }

  function scatter(root, spec, wide, high, top, size, onMark) {
    const dots = spec.series.filter((series) => !series.line);
    // Dots say how far the axes go; where there are only lines, they do.
    const shown = dots.length ? dots : spec.series;
    const xs = finite(shown.flatMap((series) => series.x)), ys = finite(shown.flatMap((series) => series.values));
    const across = spec.x_format === "0" ? String : (value) => value.toLocaleString("en-GB");
    const show = numbers(spec.number_format), left = width(show(Math.max(...ys, 0)), size) + size * 2.2, bottom = high - size * 3;
    const [a, b] = [Math.min(...xs), Math.max(...xs)], slack = (b - a) * 0.04 || 1, most = Math.max(...ys, 1) * 1.06, least = Math.min(...ys, 0) * 1.06;
    const x = (value) => left + (value - a + slack) / (b - a + 2 * slack) * (wide - left - size);
    const y = (value) => bottom - (value - least) / (most - least) * (bottom - top - size * 0.5);
    ticks(least, most, 5).forEach((value) => {
      root.append(svg("line", { x1: left, x2: wide - size, y1: y(value), y2: y(value), stroke: GRID }));
      root.append(text(left - 8, y(value) + size * 0.35, size * 0.95, show(value), { "text-anchor": "end" }));
    });
    if (least < 0) root.append(svg("line", { x1: left, x2: wide - size, y1: y(0), y2: y(0), stroke: INK, "stroke-width": 2 }));
    ticks(a, b, 6).forEach((value) => root.append(text(x(value), bottom + size * 1.15, size * 0.95, across(value), { "text-anchor": "middle" })));
    const below = shorten(spec.x_title, size, wide), half = width(below, size) / 2;
    root.append(text(Math.min(wide - half, left + (wide - left) / 2), high - size * 0.4, size, below, { "text-anchor": "middle" }));
    root.append(text(0, 0, size, shorten(spec.value_title, size, bottom - top), { "text-anchor": "middle", transform: "translate(" + size + " " + (top + bottom) / 2 + ") rotate(-90)" }));
    spec.series.filter((series) => series.line).forEach((series) => root.append(svg("polyline", {
      points: series.x.map((value, i) => [value, series.values[i]]).filter(([, value]) => value !== null)
        .map(([at, value]) => x(at) + "," + y(Math.max(least, value))).join(" "),
      stroke: series.colour, "stroke-width": series.dash ? 3 : 5, "stroke-dasharray": series.dash ? "12 8" : "none", fill: "none",
    })));
    dots.forEach((series) => series.x.forEach((value, i) => {
      if (series.values[i] === null) return;
      const dot = svg("circle", { cx: x(value), cy: y(series.values[i]), r: xs.length > 80 ? 8 : 11, fill: series.colour, stroke: "#ffffff", "stroke-width": 1.5 });
      if (series.codes[i]) mark(dot, series.codes[i], series.codes[i], onMark);
      root.append(dot);
    }));
  }
  function mark(element, key, name, onMark) {
    element.dataset.key = key;
    element.classList.add("pcs-p-mark");
    element.append(svg("title", {}, name));
    element.addEventListener("click", () => onMark(key));
  }

  // --- tables and lists ---

  function table(picture) {
    const side = (place) => ({ class: picture.words[place] ? "pcs-p-words" : null });
    const titles = el("tr", {}, ...picture.columns.map((name, place) => el("th", { scope: "col", ...side(place) }, name)));
    const rows = picture.rows.map((row, at) => el("tr", {}, el("th", { scope: "row", style: picture.colours[at] ? { boxShadow: "inset 10px 0 " + picture.colours[at], paddingLeft: "18px" } : {} }, row[0]), ...row.slice(1).map((cell, place) => el("td", side(place + 1), cell))));
    return el("div", { class: "pcs-p-table pcs-p-scroll", tabindex: "0", role: "region", "aria-label": picture.caption },
      el("table", {}, el("caption", {}, picture.caption), el("thead", {}, titles), el("tbody", {}, ...rows)), picture.note ? el("p", {}, picture.note) : "");
  }
  function list(picture) {
    return el("div", { class: "pcs-p-points", role: "region", "aria-label": picture.caption || "Points" }, picture.caption ? el("h2", {}, picture.caption) : "", el("ol", {}, ...picture.items.map((item) => el("li", {}, item))));
  }

  function drawn(picture, holder, options) {
    if (picture.kind === "table") return table(picture);
    if (picture.kind === "list") return list(picture);
    const box = holder.getBoundingClientRect(), size = parseFloat(getComputedStyle(holder).getPropertyValue("font-size")) || 20;
    return chart(picture.chart, Math.max(280, Math.floor(box.width)), Math.max(220, Math.floor(box.height) - 4), size, options.onMark);
  }

  window.PCSPresentDraw = { draw: drawn };
})();
