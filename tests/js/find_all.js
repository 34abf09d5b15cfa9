// Finds for many texts in an index, both from standard input, for tests/views/test_search.py.
require("../../pcs_dash/assets/find_rank.js");

const { prepared, find } = globalThis.PCSFindRank;
const { raw, parts, texts, limit } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const index = { ...prepared(raw), parts: parts || {}, hasDirectory: Boolean(parts) };
const seen = (hit) => [hit.kind, hit.key, hit.name, hit.detail, hit.note, hit.home, hit.codes.length];
process.stdout.write(JSON.stringify(texts.map((text) => find(index, text, limit).map(seen))));
