// Writes the address of the page: what the server says is chosen, and where the page's map stands.
//
// A choice is a step to go Back by; everything else (another spelling, a painted plan, a map that
// was moved) replaces the address. What others keep in it (present mode) is left alone.
const MAPS = "pcs-map:";
const own = (window.pcsAddress ||= { token: null, n: 0, place: "" });

const stored = (place) => { try { return JSON.parse(sessionStorage.getItem(MAPS + place)); } catch { return null; } };
const focused = (place) => { try { return sessionStorage.getItem(MAPS + place + ":focus") || ""; } catch { return ""; } };

// "51.48_0.33_12", and what the map was about where that is not the whole area.
function position(place) {
  const at = place && stored(place);
  if (!Array.isArray(at) || at.length !== 3) return "";
  const focus = focused(place);
  return at.map((x) => Number(x.toFixed(5))).join("_") + (focus ? "_" + focus : "");
}

// The map reads what it remembers; here is what it shall remember, before it looks.
function stand(place) {
  if (!place) return;
  const found = /^(-?[\d.]+)_(-?[\d.]+)_([\d.]+)(?:_(.*))?$/.exec(new URL(location.href).searchParams.get("map") || "");
  const at = found && found.slice(1, 4).map(Number);
  if (!at || !at.every(Number.isFinite) || Math.abs(at[0]) > 90 || Math.abs(at[1]) > 180 || at[2] > 24) return;
  try {
    sessionStorage.setItem(MAPS + place, JSON.stringify(at));
    sessionStorage.setItem(MAPS + place + ":focus", found[4] || "");
  } catch { /* private browsing: nothing to remember with */ }
}

function write(pairs, ours, step) {
  const url = new URL(location.href);
  const rest = [...url.searchParams].filter(([name]) => name !== "map" && !ours.includes(name));
  const at = position(own.place);
  url.search = new URLSearchParams([...pairs, ...(at ? [["map", at]] : []), ...rest]).toString();
  if (url.search === location.search) return;
  history[step ? "pushState" : "replaceState"](step ? {} : history.state, "", url);
}

// On a phone the menu lies over the page: what was chosen in it would not be seen.
function closeMenu() {
  const menu = document.querySelector('[data-testid="stSidebar"]');
  if (!menu || !matchMedia("(max-width: 768px)").matches || menu.getBoundingClientRect().right < 1) return;
  menu.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

// After several quick steps Back, Streamlit still writes the address of each page on the way as a new
// step, and with it loses what Forward leads to. Where the user went last is where they are.
const LATE = 3000;
if (!own.push) {
  own.push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const elsewhere = url && new URL(url, location.href).pathname !== location.pathname;
    if (!(elsewhere && Date.now() - own.popped < LATE)) own.push(state, title, url);
  };
  window.addEventListener("popstate", () => { own.popped = Date.now(); }, true);
  ["pointerdown", "keydown", "click"].forEach((kind) => window.addEventListener(kind, () => { own.popped = 0; }, true));
}

window.addEventListener("pcs-map", (event) => {
  if (own.place && event.detail === MAPS + own.place) write(own.pairs, own.ours, false);
});

own.tell = (data) => {
  if (own.token !== null && own.token !== data.token) {
    // A new session in an old window (the server was restarted, the laptop slept): Streamlit's copy
    // of the address may be old. Let it read the real one.
    Object.assign(own, { token: data.token, n: data.n });
    window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
    return;
  }
  if (data.n <= own.n) return;
  Object.assign(own, { token: data.token, n: data.n, place: data.place, pairs: data.asked, ours: data.ours });
  const shown = JSON.stringify([data.page, data.asked.find(([name]) => name === "area")]);
  if (own.shown && own.shown !== shown) closeMenu();
  own.shown = shown;
  // The user may be on the way to another page already.
  if (!data.page || location.pathname.endsWith("/" + data.page)) write(data.asked, data.ours, data.step);
};

export default function ({ data }) {
  // Only a window that was opened just now has a map that can still be told where to stand.
  if (own.token === null) stand(data.place);
  // What was to be told before this script was there.
  (window.pcsTold || []).splice(0).forEach(own.tell);
}
