
export default {
  render({ model, el }) {
    const input = document.createElement("select");
    const say = teller(model, "index", 0);
    place(model, el, "select", input);
    follow(model, ["options", "index"], (options, index) => {
      input.replaceChildren(...options.map((label) => new Option(label)));
      input.selectedIndex = index ?? -1;
    });
    input.addEventListener("change", () => say.now(input.selectedIndex));
  },
};
