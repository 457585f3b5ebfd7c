// Building blocks: elements, filled-in labels, and names for characters that can't be seen.
// All text goes through textContent, because everything written here may be hostile.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

function fill(label, values) {
  return label.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

const SIGNS = { " ": "␣", "\n": "↵", "\t": "⇥", "\u3000": "□", "\u00a0": "⍽" };

// A short visible stand-in for a character.
function sign(character) {
  if (SIGNS[character]) return SIGNS[character];
  const unseen = /^[\p{C}\p{Z}\p{M}]$/u.test(character);
  return unseen ? "U+" + character.codePointAt(0).toString(16).toUpperCase() : character;
}

// A name to be read out.
function spoken(character, labels) {
  const names = { " ": labels.space, "\n": labels.newline, "\t": labels.tab };
  return names[character] ?? sign(character);
}

function percent(share) {
  const value = share * 100;
  if (value === 0) return "0";
  if (value < 0.1) return "<0.1";
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
