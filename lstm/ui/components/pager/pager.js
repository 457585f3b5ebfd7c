// Turns pages by keyboard, and goes to the top of each new page.

const KEYS = {
  ArrowRight: "next",
  PageDown: "next",
  ArrowLeft: "back",
  PageUp: "back",
  Escape: "leave",
};

// Where these keys have a meaning of their own.
const TAKEN = [
  "input:not([type=checkbox], [type=button])",
  "textarea",
  "select",
  "dialog",
  "[contenteditable=true]",
  ...["slider", "radio", "radiogroup", "tab", "combobox", "listbox", "option", "spinbutton"].map(
    (role) => `[role=${role}]`,
  ),
  ...["dialog", "menu", "menuitem", "grid", "application", "region"].map((r) => `[role=${r}]`),
].join(", ");

let now = null;
let shown = null;

function isTaken(event) {
  return event.composedPath().some((node) => node instanceof Element && node.matches(TAKEN));
}

document.addEventListener("keydown", (event) => {
  const asked = KEYS[event.key];
  if (!asked || !now?.listening || !now.root.isConnected || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTaken(event)) return;
  event.preventDefault();
  now.turn(asked);
});

export default function ({ data, parentElement, setTriggerValue }) {
  now = {
    root: parentElement,
    listening: data.listening,
    turn: (asked) => setTriggerValue("turn", asked),
  };
  if (shown !== null && shown !== data.page) {
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  }
  shown = data.page;
}
