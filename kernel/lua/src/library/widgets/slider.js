
export default {
  render({ model, el }) {
    const input = document.createElement("input");
    const shown = document.createElement("output");
    input.type = "range";
    const say = teller(model, "value", 50);
    const write = () => {
      const decimals = String(model.get("step")).split(".")[1]?.length ?? 0;
      shown.textContent = Number(input.value).toFixed(Math.min(decimals, 6));
    };
    place(model, el, "slider", input, shown);
    follow(model, ["min", "max", "step", "value"], (min, max, step, value) => {
      Object.assign(input, { min, max, step, value });
      write();
    });
    input.addEventListener("input", () => {
      write();
      say.soon(() => Number(input.value));
    });
    input.addEventListener("change", () => say.now(Number(input.value)));
    return say.stop;
  },
};
