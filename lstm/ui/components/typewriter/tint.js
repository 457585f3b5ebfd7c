// The scales by which the text is tinted: fixed ranges, so that two texts can be compared. The
// colours stand in the style sheet; their contrast with the text is tested.

const SURPRISE_STEPS = 9; // 0, 1, ... 7, and 8 bits or more
const TEMPERATURE_STEPS = 11; // 0.0, 0.2, ... 2.0

function tintClass(record, tint) {
  if (tint === "surprise") return `s${clamp(Math.floor(record.bits), 0, SURPRISE_STEPS - 1)}`;
  if (tint === "temperature") {
    return `t${clamp(Math.round(record.temperature * 5), 0, TEMPERATURE_STEPS - 1)}`;
  }
  return "";
}

class Legend {
  constructor() {
    this.root = make("div", { class: "legend", hidden: true });
  }

  show(tint, labels) {
    this.root.hidden = tint === "none";
    const steps = tint === "surprise" ? SURPRISE_STEPS : TEMPERATURE_STEPS;
    const swatches = Array.from({ length: steps }, (_, step) => {
      const name = tint === "surprise" ? step : (step / 5).toFixed(1);
      const last = tint === "surprise" && step === steps - 1;
      const swatch = make("span", { class: `swatch ${tint[0]}${step}` });
      swatch.textContent = last ? `${name}+` : `${name}`;
      return swatch;
    });
    const title = make("span");
    title.textContent = tint === "surprise" ? labels.legend_surprise : labels.legend_temperature;
    this.root.replaceChildren(title, ...swatches);
  }
}
