// The language switch: one button per language. It keeps the choice in a cookie, tells Python,
// and sets the document's language for screen readers and for the right Han glyphs.

const groups = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  document.documentElement.lang = data.current === "zh" ? "zh-Hans" : data.current;
  let group = groups.get(parentElement);
  if (!group) {
    group = document.createElement("div");
    group.setAttribute("role", "group");
    for (const choice of data.choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.lang = choice.key === "zh" ? "zh-Hans" : choice.key;
      button.dataset.language = choice.key;
      button.textContent = choice.name;
      group.append(button);
    }
    parentElement.append(group);
    groups.set(parentElement, group);
  }
  group.setAttribute("aria-label", data.label);
  for (const button of group.children) {
    button.setAttribute("aria-pressed", String(button.dataset.language === data.current));
    button.onclick = () => {
      const path = new URL(".", document.baseURI).pathname;
      // Within a frame of another site only such a cookie is kept, and it needs HTTPS.
      const where =
        location.protocol === "https:" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";
      document.cookie =
        `${data.cookie}=${button.dataset.language}; path=${path}; max-age=31536000; ${where}`;
      setTriggerValue("chosen", button.dataset.language);
    };
  }
}
