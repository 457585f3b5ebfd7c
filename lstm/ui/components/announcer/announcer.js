// One polite live region that stays; only a new sentence touches it.

export default function ({ data, parentElement }) {
  let region = parentElement.querySelector("[role=status]");
  if (region === null) {
    region = document.createElement("p");
    region.className = "charloom-heard";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    parentElement.append(region);
  }
  if (region.textContent !== data.said) region.textContent = data.said;
}
