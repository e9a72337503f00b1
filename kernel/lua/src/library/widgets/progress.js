
export default {
  render({ model, el }) {
    const bar = document.createElement("progress");
    const shown = document.createElement("output");
    place(model, el, "progress", bar, shown);
    follow(model, ["max", "value"], (max, value) => {
      bar.max = max;
      if (value === null) bar.removeAttribute("value");
      else bar.value = value;
      shown.textContent = value === null ? "" : `${Math.round((100 * value) / max)} %`;
    });
  },
};
