// Waits for a component that gets no answers, and has the whole page drawn again.

let pull = null;
window.addEventListener("charloom:lost", () => pull?.(Date.now()));

export default function ({ setTriggerValue }) {
  pull = (when) => setTriggerValue("lost", when);
}
