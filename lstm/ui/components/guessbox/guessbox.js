// Takes one character at a time; what is being composed is left alone until it is done.

const boxes = new WeakMap();

function build(parent) {
  const label = document.createElement("label");
  const asked = document.createElement("span");
  const input = document.createElement("input");
  const hint = document.createElement("span");
  input.autocomplete = "off";
  input.autocapitalize = "off";
  input.spellcheck = false;
  input.setAttribute("enterkeyhint", "done");
  hint.className = "hint";
  label.append(asked, input, hint);
  parent.append(label);
  const box = { asked, input, hint, send: () => {} };
  const take = (event) => {
    if (event.isComposing) return;
    const [first] = input.value;
    input.value = "";
    if (first !== undefined) box.send(first);
  };
  input.addEventListener("input", take);
  input.addEventListener("compositionend", take);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    box.send("\n");
  });
  return box;
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!boxes.has(parentElement)) boxes.set(parentElement, build(parentElement));
  const box = boxes.get(parentElement);
  box.asked.textContent = data.label;
  box.hint.textContent = data.hint;
  box.send = (character) => setTriggerValue("guess", character);
}
