// A link as text, with the place where this page's map stands, which only the browser knows.
export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".pcs-link"), url = new URL(data.link);
  const at = new URL(location.href).searchParams.get("map");
  if (at && location.pathname.endsWith(url.pathname)) url.searchParams.set("map", at);
  const code = root.querySelector("code"), button = root.querySelector("button");
  code.textContent = url.href;
  button.textContent = "Copy";
  button.onclick = () => navigator.clipboard.writeText(url.href).then(() => { button.textContent = "Copied"; }, () => getSelection().selectAllChildren(code));
}
