
export default {
  render({ model, el }) {
    const input = document.createElement(model.get("multiline") ? "textarea" : "input");
    const say = teller(model, "value", 200);
    place(model, el, "text", input);
    follow(model, ["placeholder"], (placeholder) => {
      input.placeholder = placeholder;
    });
    follow(model, ["value"], (value) => {
      // Else the cursor would jump to the end.
      if (input.value !== value) input.value = value;
    });
    input.addEventListener("input", () => say.soon(() => input.value));
    input.addEventListener("change", () => say.now(input.value));
    return say.stop;
  },
};
