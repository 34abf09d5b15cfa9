// What the search box finds, best first: plain arithmetic over the index that the server publishes
// (pcs_dash/views/search.py, `as_json`), so that it works while the server is down. The command line has
// the same rules in Python; tests/views/search_cases.json holds the two together (docs/decisions/0009).
//
//   PCSFindRank.prepared(raw)             the index, ready to be asked
//   PCSFindRank.withHubs(index, hubs)     the same with hubs: [id, name, codes]
//   PCSFindRank.find(index, text, limit)  hits: {kind, key, name, detail, note, home, ...}
//   PCSFindRank.offers(index, hits, here) what a page offers for them: `opens` is the area that a
//                                         choice opens; `here` is the key of the one that is open
//   PCSFindRank.isPractice(text)          whether it is the code of a practice
//   PCSFindRank.why(known, text)          what the loaded lists know of a code that is not found
(function () {
  "use strict";
  const POSTCODE = /^([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})$/;
  const SECTOR = /^([a-z]{1,2}\d[a-z\d]?) (\d)[a-z]?$/;
  const DISTRICT = /^[a-z]{1,2}\d[a-z\d]?$/;
  const LIKE_A_POSTCODE = /^[a-z]{1,2}\d/;

  function normalise(text, same) {
    const plain = text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/ß/g, "ss")
      .replace(/['’‘`´]/g, "").replace(/&/g, " and ");
    return (plain.match(/[\p{L}\p{N}]+/gu) || [])
      .map((word) => (Object.hasOwn(same, word) ? same[word] : word)).filter(Boolean).join(" ");
  }

  const FIELDS = ["key", "name", "detail", "latitude", "longitude", "zoom", "codes", "home", "note"];
  const hitOf = (kind, fields) => ({ kind, note: "", ...Object.fromEntries(fields.map((field, i) => [FIELDS[i], field])) });
  const several = (count) => count + " practice" + (count === 1 ? "" : "s");

  function prepared(raw) {
    const entries = raw.entries.map(([kind, words, codes, weight, ...fields]) =>
      entryOf(hitOf(raw.kinds[kind], fields), words, codes, weight));
    const where = {};
    entries.forEach(({ hit }) => { if (hit.kind === "practice") where[hit.key] = [hit.latitude, hit.longitude]; });
    return joined({ ...raw, entries, where, parts: {} }, []);
  }
  // Its words: the name, a bar, and what else it is found by.
  const entryOf = (hit, words, codes, weight) => ({ hit, words, codes, weight, name: words.slice(1, words.indexOf(" |")) });
  const joined = (index, hubs) => ({ ...index, all: [...index.entries, ...hubs] });
  function withHubs(index, hubs) {
    return joined(index, hubs.map(([id, name, codes]) => [id, name, codes.filter((code) => Object.hasOwn(index.where, code))])
      .filter(([, , own]) => own.length).map(([id, name, own]) => hubEntry(index, id, name, own)));
  }
  function hubEntry(index, id, name, own) {
    const middle = (part) => own.reduce((sum, code) => sum + index.where[code][part], 0) / own.length;
    const hit = hitOf("hub", [id, name, "Hub, " + several(own.length), middle(0), middle(1), 12, own, ""]);
    return entryOf(hit, " " + normalise(name, index.same) + " | hub ", [], 0);
  }

  function find(index, text, limit) {
    const query = normalise(Array.from(text).slice(0, index.max).join(""), index.same);
    if (!query) return [];
    const compact = query.replace(/ /g, ""), words = query.split(" ");
    // The longest word typed, or all of it without its spaces; one or two letters must begin a word.
    const held = [longest(words), compact].map((word) => (word.length < 3 ? " " + word : word));
    const found = [];
    index.all.forEach((entry) => {
      const score = held.some((word) => entry.words.includes(word)) ? scoreOf(entry, query, compact, words) : 0;
      if (score > 0) found.push([-score - entry.weight, index.kinds.indexOf(entry.hit.kind), entry]);
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2].name < b[2].name ? -1 : a[2].name > b[2].name ? 1 : 0));
    const hits = found.slice(0, limit).map((item) => item[2].hit);
    if (!LIKE_A_POSTCODE.test(compact)) return hits;
    // A postcode in full is what was asked for; part of one may be part of a code.
    const places = postcodes(index, query);
    return (POSTCODE.test(compact) ? [...places, ...hits] : [...hits.slice(0, limit - places.length), ...places]).slice(0, limit);
  }

  const longest = (words) => words.reduce((a, b) => (b.length > a.length ? b : a));

  function scoreOf(entry, query, compact, words) {
    for (const code of entry.codes) {
      if (code === compact) return 100;
      // "f8" begins two hundred codes, so a code's beginning counts from three characters on.
      if (compact.length >= 3 && code.startsWith(compact)) return 70;
    }
    if (entry.name === query) return 90;
    if (entry.name.startsWith(query)) return 60;
    let total = 0;
    for (const word of words) {
      if (!entry.words.includes(word)) {
        // "ss7 4ea" is the code "ss74ea", whichever way it is typed.
        return compact.length >= 4 && entry.codes.some((code) => code.includes(compact)) ? 20 : 0;
      }
      if (entry.words.includes(" " + word + " ")) total += 40;
      else if (entry.words.includes(" " + word)) total += 30;
      else if (word.length < 3) return 0;
      else total += 10;
      // A word of the name says more than one of the district or the town nearby.
      if (entry.name.includes(word)) total += 5;
    }
    return total / words.length;
  }

  // --- postcodes: at most one find, the postcode itself, its sector, or its district ---

  const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

  function postcodes(index, query) {
    const compact = query.replace(/ /g, ""), whole = compact.match(POSTCODE);
    if (whole) {
      const shown = (whole[1] + " " + whole[2]).toUpperCase(), part = index.parts[whole[1]];
      if (part && Object.hasOwn(part, whole[2])) return [fromDirectory(index, compact, shown, part[whole[2]])];
      if (Object.hasOwn(index.exact, compact)) return [hitOf("postcode", index.exact[compact])];
      return partOf(index, whole[1] + whole[2][0], whole[1],
        shown + (index.hasDirectory ? " is not in the postcode directory loaded; " : " is no practice's postcode; "));
    }
    const sector = query.match(SECTOR);
    if (sector) return partOf(index, sector[1] + sector[2], sector[1], "");
    return DISTRICT.test(query) ? partOf(index, "", query, "") : [];
  }
  function partOf(index, sector, district, asked) {
    const found = (fields, said) => { const hit = hitOf("postcode", fields); return [{ ...hit, note: capital(said + hit.note) }]; };
    if (Object.hasOwn(index.sectors, sector)) return found(index.sectors[sector], asked);
    if (!Object.hasOwn(index.districts, district)) return [];
    const spaced = (sector.slice(0, -1) + " " + sector.slice(-1)).toUpperCase();
    return found(index.districts[district], asked || (sector ? "no practice in sector " + spaced + "; " : ""));
  }
  function fromDirectory(index, compact, shown, [latitude, longitude, town, lsoa, home]) {
    const codes = Object.hasOwn(index.exact, compact) ? hitOf("postcode", index.exact[compact]).codes : [];
    return hitOf("postcode", [shown, shown, "Postcode" + (town ? ", near " + town : ""), latitude, longitude, 15, codes, home,
      lsoa ? "The directory loaded has no position; shown: the middle of its LSOA, " + lsoa : ""]);
  }

  // --- what a page offers: an area that is not open is opened; other finds offer theirs second ---

  function offers(index, hits, here) {
    const shown = hits.map((hit) => (hit.kind === "area" && hit.key !== here ? { ...hit, opens: hit.key } : hit));
    const first = shown[0];
    if (!first || first.kind === "area" || !first.home || first.home === here) return shown;
    const home = (index.all.find(({ hit }) => hit.kind === "area" && hit.key === first.home) || {}).hit;
    if (!home) return shown;
    const open = { ...home, detail: "The area of " + first.name + "; " + home.detail, opens: home.key };
    return [first, open, ...shown.slice(1).filter((hit) => hit.opens !== home.key)];
  }

  // Why a practice's code is not found, of `known`, sentences by code; "" where that is not known.
  function why(known, text) {
    const code = text.trim().toUpperCase();
    return Object.hasOwn(known, code) ? known[code] : "";
  }
  const isPractice = (text) => /^[a-z]\d{5}$/i.test(text.trim());

  globalThis.PCSFindRank = { POSTCODE, normalise, prepared, withHubs, find, offers, isPractice, why };
})();
