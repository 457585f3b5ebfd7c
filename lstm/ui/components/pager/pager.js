// Turns pages by keyboard, and goes to the top of each new page.

const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const LEAVE = "leave";

// A question to the server can be lost where another one overtakes it: it is asked again then.
const ASK_AGAIN = 2000; // milliseconds
const QUESTIONS = 5;

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
let wanted = null;
let timer = null;

function isTaken(event) {
  return event.composedPath().some((node) => node instanceof Element && node.matches(TAKEN));
}

function isThere() {
  return wanted === LEAVE ? !now.listening : now.page === wanted;
}

function ask(times) {
  clearTimeout(timer);
  if (times === 0 || !now.root.isConnected) wanted = null;
  if (wanted === null) return;
  now.turn(wanted);
  timer = setTimeout(() => ask(times - 1), ASK_AGAIN);
}

function arrive() {
  clearTimeout(timer);
  wanted = null;
}

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step && event.key !== "Escape") return;
  if (!now?.listening || !now.root.isConnected || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTaken(event)) return;
  event.preventDefault();
  // From the page that was asked for last: two quick keys turn two pages.
  const from = now.pages.indexOf(wanted === null ? now.page : wanted);
  const next = step ? now.pages[from + step] : LEAVE;
  if (next === undefined) return;
  wanted = next;
  if (isThere()) arrive();
  else ask(QUESTIONS);
});

export default function ({ data, parentElement, setTriggerValue }) {
  const shown = now?.page;
  now = { ...data, root: parentElement, turn: (page) => setTriggerValue("turn", page) };
  if (shown !== undefined && shown !== data.page) {
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  }
  if (wanted !== null && isThere()) arrive();
  document.documentElement.dataset.charloomTurns = data.listening ? data.page : "";
}
