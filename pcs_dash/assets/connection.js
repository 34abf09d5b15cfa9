// In plain words what Streamlit tells a developer where the server does not answer ("streamlit run
// yourscript.py"). Its window, with the title and the button that closes it, stays Streamlit's.
(function () {
  "use strict";
  const { h, put } = window.PCSDom;
  const WORDS = [
    "What stands here can still be read, and a presentation that is open goes on. The page comes back by itself once the app answers.",
    "On your own computer: start the app again. On a network: tell whoever looks after it.",
  ];

  function say() {
    const command = document.querySelector('[role="dialog"] [data-testid="stErrorCodeBlock"]');
    if (!command) return;
    put(command.closest('[role="dialog"]').querySelector("h2"), "The app does not answer");
    command.parentElement.replaceChildren(...WORDS.map((words) => h("p", {}, words)));
  }
  new MutationObserver(say).observe(document.body, { childList: true });
})();
