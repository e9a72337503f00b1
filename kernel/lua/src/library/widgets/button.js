
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    fill(el, "button", button);
    follow(model, ["label", "disabled"], (label, disabled) => {
      button.textContent = label;
      button.disabled = disabled;
    });
    button.addEventListener("click", () => model.send({ event: "click" }));
  },
};
