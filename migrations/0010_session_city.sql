-- From which city somebody signed in, as far as Cloudflare knows it: "Seoul, KR" in the console.
ALTER TABLE sessions ADD COLUMN city TEXT;
