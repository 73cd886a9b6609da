/*
 * theme.js -- light, dark or what the system says. A classic script in the head,
 * because a module would paint the wrong colours first. The choice is kept in
 * `kith.theme`; where storage is forbidden it lasts as long as the page.
 */
{
    const KEY = 'kith.theme';
    const root = document.documentElement;

    /** @returns {string} */
    const stored = () => {
        try {
            return localStorage.getItem(KEY) ?? 'system';
        } catch {
            return 'system';
        }
    };

    root.dataset.theme = stored();
    document.addEventListener('DOMContentLoaded', () => {
        const inputs = document.querySelectorAll('input[name="theme"]');
        for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (inputs)) {
            input.checked = input.value === root.dataset.theme;
            input.addEventListener('change', () => {
                root.dataset.theme = input.value;
                try {
                    localStorage.setItem(KEY, input.value);
                } catch { /* lasts as long as the page */ }
            });
        }
    });
}
