import { shellWord } from "../../shell-word.ts";

/**
 * Makes the user of a container the owner of a folder's files: containers run without the
 * capability to write other users' files, even as root. Reads `TURNWISE_UID` and `TURNWISE_GID`.
 */
export function rightsScript(folder: string): string {
  return `cd -P ${shellWord(folder)} || exit 1
find . -xdev ! -user "$TURNWISE_UID" -exec chown -h "$TURNWISE_UID:$TURNWISE_GID" {} +
find . -xdev -type d ! -perm -u=rwx -exec chmod u+rwx {} +
find . -xdev -name .git -prune -o -type f ! -perm -u=rw -exec chmod u+rw {} +
mkdir -p /tmp && chmod 1777 /tmp
home=$(while IFS=: read -r _ _ uid _ _ path _; do
  [ "$uid" != "$TURNWISE_UID" ] || { echo "$path"; break; }
done < /etc/passwd)
[ -z "$home" ] || [ -e "$home" ] || { mkdir -p "$home" && chown "$TURNWISE_UID:$TURNWISE_GID" "$home"; }
true
`;
}
