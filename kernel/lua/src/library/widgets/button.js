
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    el.classList.add("perilune-widget", "perilune-button");
    el.replaceChildren(button);
    follow(model, ["label", "disabled"], (label, disabled) => {
      button.textContent = label;
      button.disabled = disabled;
    });
    button.addEventListener("click", () => model.send({ event: "click" }));
  },
};
