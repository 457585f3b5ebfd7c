// The page around the typewriter: what it says in which language, and the model file that can be
// taken out again. Whatever stands in the model file is hostile and only ever set as text.

const words = JSON.parse(document.getElementById("words").textContent);
const file = decode(document.getElementById("model").textContent.trim());
Vocabulary.lookalikes = words.lookalikes;
Vocabulary.harmless = words.harmless;
const network = new Network(file);

class Player {
  constructor() {
    this.desk = new Desk(network);
    this.typewriter = new Typewriter(document.getElementById("typewriter"), new Visit({}));
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => this.speak(button.dataset.language));
    }
    document.getElementById("keep").addEventListener("click", keepModel);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.update());
    this.speak(words.language);
  }

  speak(language) {
    this.said = words[language];
    document.documentElement.lang = language;
    document.title = this.said.title;
    for (const name of ["facts", "introduction", "about", "keep", "note"]) {
      document.getElementById(name).textContent = this.said[name];
    }
    document.getElementById("keep-help").textContent = this.said.keep_help;
    const rows = this.said.settings.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
    document.getElementById("settings").replaceChildren(...rows);
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    this.update();
  }

  // The answer comes a moment later, as from a server, so that the typewriter has ended its turn.
  update(reply = null) {
    const { typewriter: labels } = this.said;
    this.typewriter.update({ stream: "page", about: "", labels, reply }, (request) => {
      queueMicrotask(() => this.update(this.desk.answer(request)));
    });
  }
}

function decode(base64) {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}

function keepModel() {
  const url = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
  make("a", { href: url, download: words.file_name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// For those who open the console: new charloom.Writer(charloom.network, { rng: 1 }).write()
globalThis.charloom = { network, Network, Vocabulary, Writer, player: new Player() };
