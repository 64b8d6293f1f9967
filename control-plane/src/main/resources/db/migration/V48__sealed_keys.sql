-- Which of the control plane's keys a private key is sealed with; none: it is as it is.
ALTER TABLE certificate ADD COLUMN sealed_by text;
