// Keeps one frame alive and changes the drawing in it, so that focus and scrolling stay.

export default function ({ data, parentElement }) {
  let frame = parentElement.querySelector(".charloom-figure");
  if (frame === null) {
    frame = document.createElement("div");
    frame.className = `charloom-figure ${data.kind}`;
    frame.setAttribute("role", "img");
    frame.tabIndex = 0;
    parentElement.append(frame);
  }
  frame.setAttribute("aria-label", data.said);
  if (frame.drawn !== data.svg) {
    frame.drawn = data.svg;
    const page = new DOMParser().parseFromString(data.svg, "text/html");
    frame.replaceChildren(...page.body.querySelectorAll(":scope > svg"));
  }
}
