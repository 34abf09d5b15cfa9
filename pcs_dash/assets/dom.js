// Making elements, the same for every script of ours.
//
//   PCSDom.h(tag, properties, ...children)    an element; lists among the children are opened
//   PCSDom.svg(tag, properties, ...children)  the same inside an SVG
//   PCSDom.put(element, text), .mark(element, name, value)  write only what differs, so that an
//                                             element that is read aloud or focused is left alone
//   PCSDom.base                               where the app stands on its server ("" : its root)
//   PCSDom.atWork()                           whether the server is busy with this page
//
// A property that is a function hears the event after its "on"; `style` may be an object; what is
// null, undefined or false is left out. Text children become text nodes: names are untrusted.
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const absent = (value) => value === null || value === undefined || value === false;

  function fill(element, properties, children) {
    Object.entries(properties || {}).forEach(([name, value]) => {
      if (absent(value)) return;
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
      else if (name === "style" && typeof value === "object") Object.assign(element.style, value);
      else if (name === "value") element.value = value;
      else element.setAttribute(name, value === true ? "" : value);
    });
    element.append(...children.flat().filter((child) => !absent(child) && child !== ""));
    return element;
  }
  const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
  const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const mark = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };

  // Where the app stands on its server: "" or "/pcs", as this file's own address says; it has none
  // in the HTML report, which holds its scripts.
  const script = globalThis.document && document.currentScript;
  const base = script && script.src ? new URL(script.src).pathname.split("/app/static/")[0] : "";

  // A server that is slow says that it runs the page; one that was restarted knows nothing of it.
  function atWork() {
    const app = document.querySelector("[data-test-script-state]");
    return Boolean(app) && app.dataset.testScriptState === "running" && app.dataset.testConnectionState === "CONNECTED";
  }

  globalThis.PCSDom = { h, svg, put, mark, base, atWork };
})();
