# Usage: awk -f static/pack.awk static/app.js
# One script out of a module and all it imports, in the order of need, without what
# only people read: comments, indentation. It goes by our own layout: an import
# begins a line and names './file.js'; a comment begins a line, ends one, or is a type
# (/** @type ..). Names of modules must differ; a browser and `node --check` refuse
# the result when they do not.
BEGIN {
    pack(ARGV[1])
    exit
}

# Its own functions have their own variables, so this may call itself.
function pack(file,    line, folder, inside, open, name)
{
    if (file in seen)
        return
    seen[file] = 1
    folder = file
    sub(/[^\/]*$/, "", folder)
    while ((getline line < file) > 0) {
        if (line ~ /^import / || open) {
            open = line !~ /from '\.\/[a-z_]+\.js';$/
            if (open)
                continue
            name = line
            sub(/.*from '\.\//, "", name)
            sub(/';$/, "", name)
            pack(folder name)
            continue
        }
        sub(/^[ \t]+/, "", line)
        gsub(/\/\*\* @[^*]*\*\/ ?/, "", line)
        sub(/ *\/\* [^*]*\*\/$/, "", line)
        if (inside || line ~ /^\/\*/) {
            inside = line !~ /\*\/$/
            continue
        }
        if (file != ARGV[1])
            sub(/^export /, "", line)
        if (line != "")
            print line
    }
    close(file)
}
