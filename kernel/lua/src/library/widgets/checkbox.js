
export default {
  render({ model, el }) {
    const input = document.createElement("input");
    input.type = "checkbox";
    const say = teller(model, "value", 0);
    place(model, el, "checkbox", input);
    follow(model, ["value"], (value) => {
      input.checked = value;
    });
    input.addEventListener("change", () => say.now(input.checked));
  },
};
