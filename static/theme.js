/* theme.js -- light, dark or as the system. No module: it would come late. */
{
    const KEY = 'kith.theme';
    const root = document.documentElement;

    root.dataset.theme = 'system';
    try {
        root.dataset.theme = localStorage.getItem(KEY) ?? 'system';
    } catch { /* storage is forbidden */ }
    addEventListener('DOMContentLoaded', () => {
        for (const input of document.querySelectorAll('input')) {
            if (input.name !== 'theme') continue;
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
