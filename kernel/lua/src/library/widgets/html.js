
export default {
  render({ model, el }) {
    const words = document.createElement("span");
    const content = document.createElement("div");
    el.classList.add("perilune-widget", "perilune-html");
    el.replaceChildren(words, content);
    follow(model, ["label"], (label) => {
      words.textContent = label;
      words.hidden = label === "";
    });
    follow(model, ["value"], (value) => {
      content.innerHTML = value;
    });
  },
};
