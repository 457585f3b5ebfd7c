// Waits for a component that gets no answers, and has the whole page drawn again. And if the page
// itself is gone, since Streamlit's part of it in the browser has failed, opens it anew.

const PAUSE = 20_000; // milliseconds; a page that fails at once is not opened over and over
const FAILED = "charloom-failed";

let pull = null;
window.addEventListener("charloom:lost", () => pull?.(Date.now()));

const root = document.getElementById("root");
new MutationObserver(() => {
  const last = Number(sessionStorage.getItem(FAILED) ?? 0);
  if (root.childElementCount || Date.now() - last < PAUSE) return;
  sessionStorage.setItem(FAILED, Date.now());
  window.location.reload();
}).observe(root, { childList: true });

export default function ({ setTriggerValue }) {
  pull = (when) => setTriggerValue("lost", when);
}
