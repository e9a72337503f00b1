
export default {
  render({ model, el }) {
    const words = document.createElement("span");
    const content = document.createElement("div");
    fill(el, "html", words, content);
    follow(model, ["label"], (label) => {
      words.textContent = label;
      words.hidden = label === "";
    });
    follow(model, ["value"], (value) => {
      content.innerHTML = value;
    });
  },
};
