/*
 * Buttons that copy a text of the page: <button type="button" data-copy="ID" hidden>, beside
 * <output data-copied="ID" data-said="Copié">. Without this script the text is simply selected
 * by hand, and the buttons stay hidden.
 */
(function () {
  "use strict";

  function select(element) {
    var range = document.createRange(), selection = window.getSelection();

    range.selectNodeContents(element);
    selection.removeAllRanges();
    selection.addRange(range);
  }

  function show(button) {
    var text = document.getElementById(button.dataset.copy);
    var said = document.querySelector('[data-copied="' + button.dataset.copy + '"]');

    if (!text || !said) {
      return;
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      // Selected as well: where the clipboard is out of reach, two keys are enough.
      select(text);
      if (navigator.clipboard) {
        navigator.clipboard.writeText(text.textContent.trim()).then(function () {
          said.textContent = said.dataset.said;
        }, function () {});
      }
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-copy]"), show);
}());
